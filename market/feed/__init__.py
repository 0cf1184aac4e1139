"""The live log of what happens: public to all, and in full to a job's requester."""
