"""The door for software: questions and answers as JSON, with a company's key."""
