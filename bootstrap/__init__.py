"""What happens before any package is there: standard library only, and nothing heavy on the everyday path."""
