"""What `manage.py up` starts and keeps alive."""
