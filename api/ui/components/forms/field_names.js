/** What fields of the API are called in forms: for messages about a field that no form shows. */

const NAMES = {
  "alreadyPassed": "Where that time has passed already",
  "allowedDays": "Only on some days",
  "email": "E-mail address",
  "entries": "Days on which nothing runs",
  "expression": "Cron expression",
  "html": "HTML",
  "locale": "Language",
  "optOuts": "Opt-outs",
  "params": "Parameters",
  "perMinute": "At most a minute",
  "phone": "Phone number",
  "recipientTimezone": "In each recipient's own time zone",
  "sms": "SMS",
  "timezone": "Time zone",
  "until": "Ends by itself",
};
/** What people named themselves stays as it is. */
const NAMED_BY_PEOPLE = ["labels", "variables"];

function words(name) {
  if (/^\d+$/.test(name)) return String(Number(name) + 1);
  const plain = name.replace(/([a-z0-9])([A-Z])|_/g, "$1 $2").toLowerCase().trim();
  return NAMES[name] ?? plain.charAt(0).toUpperCase() + plain.slice(1);
}

/** "Labels: team" of "labels.team", "Schedule: Cron expression" of "schedule.expression". */
export const nameOf = (path) => path.split(".")
  .map((part, at, parts) => (NAMED_BY_PEOPLE.includes(parts[at - 1]) ? part : words(part)))
  .join(": ");
