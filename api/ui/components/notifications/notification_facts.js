/** What somebody wrote when scheduling a notification, in words. */
import { html } from "../../core/html.js";
import { useDocument } from "../../core/resource.js";
import { href } from "../../core/router.js";
import { Exact, Facts, Json } from "../basics.js";
import { CHANNELS } from "./messages.js";

const PASSED = { now: "at once", next_day: "at the same time of their next day", skip: "not at all" };

export function NotificationFacts({ notification }) {
  const { data: template } = useDocument(`notifications/templates/${notification.templateId}`);
  const { templateId, lastRun, quietHours, throttle, approval } = notification;
  const rows = [
    [
      "Template",
      html`
        <a href=${href(`/notifications/templates/${templateId}`)}>${template?.name ?? templateId}</a>,${" "}
        ${versionOf(notification)}
      `,
    ],
    ["Channels", notification.channels?.map((channel) => CHANNELS[channel]).join(", ")],
    ["Recipients", html`<${Audience} recipients=${notification.recipients ?? {}} />`],
    ["Time zone", zoneOf(notification)],
    [
      "Whose time had passed already",
      notification.recipientTimezone && `gets it ${PASSED[notification.alreadyPassed]}`,
    ],
    [
      "Quiet hours",
      quietHours && `${quietHours.from} to ${quietHours.to}, ${quietHours.timezone ?? "by each recipient's clock"}`,
    ],
    ["Allowed days", notification.allowedDays?.join(", ")],
    ["At most", throttle && `${throttle.perMinute} messages a minute`],
    ["Not sent later than", notification.expiresAfter && `${notification.expiresAfter} after its time`],
    ["Critical", notification.critical && "yes: neither quiet hours nor allowed days hold it up"],
    [
      "Last sent",
      lastRun && html`
        <${Exact} at=${lastRun.scheduledFor} zone=${notification.schedule.timezone} />, ${lastRun.queued} messages
      `,
    ],
    ["Approved", approval?.at && html`by ${approval.by}, <${Exact} at=${approval.at} />`],
    ["Created", html`by ${notification.createdBy}, <${Exact} at=${notification.createdAt} />`],
    [
      "Changed",
      notification.revision > 1 && html`
        by ${notification.updatedBy}, <${Exact} at=${notification.updatedAt} /> (revision ${notification.revision})
      `,
    ],
  ];
  return html`<${Facts} rows=${rows} />
    ${Object.keys(notification.variables ?? {}).length > 0 && html`
      <h3>Variables</h3>
      <${Json} value=${notification.variables} label="Variables" />
    `}`;
}

const zoneOf = ({ recipientTimezone, timezoneFallback, schedule }) =>
  recipientTimezone
    ? `each recipient's own; ${timezoneFallback ?? schedule.timezone} if it is not known`
    : schedule?.timezone;
const versionOf = ({ templateVersion }) =>
  templateVersion === "newest" ? "always the newest version" : `version ${templateVersion}`;
const counted = (count, one, many) => `${count} ${count === 1 ? one : many}`;

const Audience = ({ recipients: { addresses = [], people = [], groups = [], users = null } }) => html`
  <ul class="plain-list">
    ${addresses.length > 0 && html`<li>${counted(addresses.length, "address", "addresses")}</li>`}
    ${people.length > 0 && html`<li>${counted(people.length, "person", "people")}</li>`}
    ${groups.map((id) => html`<li key=${id}>group <${GroupName} id=${id} /></li>`)}
    ${users && html`<li>users of the host application: ${selectionOf(users)}</li>`}
  </ul>
`;

function GroupName({ id }) {
  const { data } = useDocument(`notifications/groups/${id}`);
  return html`
    <a href=${href("/notifications/groups")}>${data?.name ?? id}</a>
    ${data?.members && ` (${counted(data.members.length, "member", "members")})`}
  `;
}

function selectionOf(users) {
  if (users.everyone) return "everyone";
  const named = ["ids", "roles", "tags", "groups"]
    .filter((name) => users[name]?.length > 0)
    .map((name) => `${name} ${users[name].join(", ")}`);
  return [...named, users.filter && `filter ${users.filter}`].filter(Boolean).join("; ");
}
