"""What each kind of asset answers to prices."""
