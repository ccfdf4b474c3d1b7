/** Every screen: its address, its name, where it is in the menu, and who sees it. */

/** load: the module, whose default export is the screen. permission: what its caller needs. menu: its group in the menu. */
export const ROUTES = [
  { path: "/", title: "Overview", menu: "", permission: "read", load: () => import("./screens/overview.js") },

  { path: "/jobs", title: "Jobs", menu: "Dynamic Scheduler", permission: "read", load: () => import("./screens/jobs.js") },
  { path: "/jobs/new", title: "New job", permission: "edit", load: () => import("./screens/job_gallery.js") },
  { path: "/jobs/new/:template", title: "New job", permission: "edit", load: () => import("./screens/job_form.js") },
  { path: "/jobs/:id", title: "Job", permission: "read", load: () => import("./screens/job.js") },
  { path: "/jobs/:id/edit", title: "Edit job", permission: "edit", load: () => import("./screens/job_form.js") },
  { path: "/runs", title: "Runs", menu: "Dynamic Scheduler", permission: "read", load: () => import("./screens/runs.js") },
  { path: "/runs/:id", title: "Run", permission: "read", load: () => import("./screens/run.js") },
  { path: "/calendars", title: "Calendars", menu: "Dynamic Scheduler", permission: "read", load: () => import("./screens/calendars.js") },
  { path: "/exports", title: "Exports", menu: "Dynamic Scheduler", permission: "read_exports", load: () => import("./screens/exports.js") },

  { path: "/notifications/templates", title: "Templates", menu: "Notifications", permission: "read", load: () => import("./screens/TemplateManager.js") },
  { path: "/notifications/templates/new", title: "New template", permission: "edit", load: () => import("./screens/template_editor.js") },
  { path: "/notifications/templates/:id", title: "Template", permission: "read", load: () => import("./screens/template_editor.js") },
  { path: "/notifications/scheduled", title: "Scheduled", menu: "Notifications", permission: "read", load: () => import("./screens/scheduled_notifications.js") },
  { path: "/notifications/scheduled/:id", title: "Scheduled notification", permission: "read", load: () => import("./screens/scheduled_notification.js") },
  { path: "/notifications/queue", title: "Queue", menu: "Notifications", permission: "read", load: () => import("./screens/queue.js") },
  { path: "/notifications/queue/:id", title: "Message", permission: "read", load: () => import("./screens/message.js") },
  { path: "/notifications/recipients", title: "Recipients", menu: "Notifications", permission: "read", load: () => import("./screens/recipients.js") },
  { path: "/notifications/groups", title: "Groups", menu: "Notifications", permission: "read", load: () => import("./screens/groups.js") },
  { path: "/notifications/suppressions", title: "Suppressions", menu: "Notifications", permission: "read", load: () => import("./screens/suppressions.js") },

  { path: "/admin/daemons", title: "Daemons", menu: "Administration", permission: "read", load: () => import("./screens/daemons.js") },
  { path: "/admin/maintenance", title: "Maintenance", menu: "Administration", permission: "read", load: () => import("./screens/maintenance.js") },
  { path: "/admin/tokens", title: "Tokens", menu: "Administration", permission: "administer", load: () => import("./screens/tokens.js") },
  { path: "/admin/audit", title: "Audit log", menu: "Administration", permission: "administer", load: () => import("./screens/audit_log.js") },
  { path: "/admin/settings", title: "Settings", menu: "Administration", permission: "administer", load: () => import("./screens/settings.js") },
];
