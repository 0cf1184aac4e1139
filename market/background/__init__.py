"""Who makes the keeper go round: a thread here, or Celery in production. Same services."""
