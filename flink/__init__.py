"""What goes into the application's package beside the library: its entry point."""
