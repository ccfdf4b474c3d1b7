"""Examples of bodies and answers, by the name of their model. A test holds each against its model."""

from typing import Any

_SCHEDULE = {"kind": "cron", "expression": "0 9 * * MON-FRI", "timezone": "Europe/Paris"}
_JOB = {
    "name": "Process notifications",
    "template": "scheduled_notification_processor",
    "params": {},
    "schedule": {"kind": "interval", "every": "5m"},
    "labels": {"team": "crm"},
    "policies": {"overlap": "skip", "timeout": "10m"},
}
_SCHEDULED = {
    "name": "Welcome wave",
    "templateId": "welcome",
    "channels": ["email"],
    "recipients": {"addresses": [{"email": "ada@example.com", "variables": {"name": "Ada"}}]},
    "schedule": {"kind": "once", "at": "2126-12-01T09:00:00", "timezone": "UTC"},
    "expiresAfter": "1h",
}

EXAMPLES: dict[str, dict[str, Any]] = {
    "JobBody": _JOB,
    "JobPatch": {"enabled": False, "policies": {"retry": {"maxAttempts": 5}}},
    "RunBody": {"force": False},
    "BulkBody": {"action": "pause", "filter": {"label": ["team=crm"]}, "reason": "moving the CRM", "dryRun": True},
    "ScheduledBulkBody": {"action": "pause", "filter": {"templateId": "welcome"}, "reason": "a typo", "dryRun": True},
    "PauseBody": {"reason": "the supplier is closed", "until": "2126-12-24T08:00:00.000Z"},
    "MaintenanceBody": {"reason": "moving the database", "until": None},
    "BackfillBody": {"from": "2026-11-01T00:00:00.000Z", "to": "2026-11-02T00:00:00.000Z", "dryRun": True},
    "EmptyBody": {},
    "PreviewBody": {"schedule": _SCHEDULE, "count": 3, "viewerTimezone": "Asia/Kolkata"},
    "CalendarBody": {
        "name": "Holidays",
        "timezone": "Europe/Paris",
        "entries": [{"name": "Christmas", "first": "2126-12-25", "last": "2126-12-26"}],
    },
    "ScheduledNotificationBody": _SCHEDULED,
    "DraftPreviewBody": {
        "template": {"name": "Welcome", "channels": ["sms"], "sms": "Hello {{ name }}"},
        "variables": {"name": "Ada"},
    },
    "ScheduledNotificationReplacement": _SCHEDULED,
    "ScheduledNotificationPatch": {"quietHours": {"from": "22:00", "to": "07:00"}, "throttle": {"perMinute": 600}},
    "RetryFailedBody": {"states": ["failed"], "expiredToo": False},
    "NotificationTemplateBody": {
        "name": "Welcome",
        "category": "onboarding",
        "channels": ["email"],
        "subject": "Hello {{ name }}",
        "text": "Hello {{ name }}!",
        "variables": [{"name": "name", "type": "string", "default": "friend"}],
    },
    "TemplatePreviewBody": {"variables": {"name": "Ada"}},
    "TrialBody": {"email": "me@example.com", "variables": {"name": "Ada"}},
    "RecipientBody": {"name": "Ada", "email": "ada@example.com", "timezone": "Europe/London"},
    "GroupBody": {"name": "Customers", "members": []},
    "PreferencesBody": {"optOuts": [{"category": "newsletter", "channel": None}]},
    "SuppressionBody": {"email": "gone@example.com", "note": "asked on the phone"},
    "TokenBody": {"name": "crm", "role": "viewer", "expiresIn": "30d"},
    "ResolveBody": {"state": "sent"},
    "RunAsked": {"commandId": "5f0c2b7e", "runId": "nightly:m:5f0c2b7e", "daemonAlive": True},
    "Commanded": {"commandId": "5f0c2b7e", "daemonAlive": True},
    "BackfillAsked": {"commandId": "5f0c2b7e", "count": 24, "daemonAlive": True},
    "SchedulePreview": {
        "description": "At 02:30, every day (Europe/Paris time)",
        "occurrences": [
            {
                "at": "2026-03-29T01:00:00.000Z",
                "local": "2026-03-29T03:00:00.000+02:00",
                "utcOffset": "+02:00",
                "adjusted": True,
                "excluded": None,
                "viewer": "2026-03-29T06:30:00.000+05:30",
            }
        ],
        "complete": True,
    },
    "ImportCounts": {"created": 12, "updated": 3, "unchanged": 0, "joined": 0, "dryRun": False},
    "ProblemDocument": {
        "type": "urn:unified-scheduler:problem:invalid_fields",
        "title": "Unprocessable Entity",
        "status": 422,
        "detail": "schedule.expression: expected 5 or 6 fields",
        "instance": "urn:request:5f0c2b7e",
        "code": "invalid_fields",
        "requestId": "5f0c2b7e",
        "errors": [{"field": "schedule.expression", "code": "cron", "detail": "expected 5 or 6 fields"}],
    },
}
