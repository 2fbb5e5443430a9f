"""What both sides have signed: agreements and channels, their lifecycle, and whether a channel allows a message."""
