"""The installation: settings, addresses, and the door the web server knocks on."""
