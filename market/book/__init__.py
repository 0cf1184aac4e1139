"""The book: standing offers and which of them fits what, cheapest first."""
