"""Do the alerts, their runbooks and the dashboards say what is true, and in time?"""
