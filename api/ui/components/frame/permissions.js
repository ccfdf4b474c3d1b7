/** What a token may do, in plain words. */

const WORDS = {
  read: "see everything but exports, tokens and the audit log",
  read_own_runs: "see the runs that you asked for",
  read_exports: "download exported files",
  switch: "pause and resume jobs and scheduled notifications",
  run: "run a job now, as it is",
  operate:
    "run jobs with other parameters, cancel and retry runs, backfill, decide about messages, and use maintenance mode",
  edit: "create, change, approve and delete jobs, templates, notifications, people and calendars",
  administer: "make and revoke tokens, and read the audit log and the settings",
};

/** Completes "you may ...". */
export const permissionWords = (permission) => WORDS[permission] ?? permission.replaceAll("_", " ");

/** [permission, words] of those that say anything, the most harmless first. */
export const explained = (permissions) => Object.entries(WORDS).filter(([name]) => permissions.includes(name));

/** [permission, words] of all others. */
export const missing = (permissions) => Object.entries(WORDS).filter(([name]) => !permissions.includes(name));
