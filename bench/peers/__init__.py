"""What Fallow is measured against."""
