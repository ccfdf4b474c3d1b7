"""The job templates that come with the project, found through entry points like anyone else's."""
