/** Daemons: which live, which leads, and the channels that rest. */
import { Badge, Empty, Facts, Failure, Head, Moment, Note, Panel } from "../components/basics.js";
import { DataTable } from "../components/table.js";
import { html } from "../core/html.js";
import { readStatus, status, statusError } from "../core/status.js";

const COLUMNS = [
  {
    label: "Daemon",
    cell: (daemon) => html`${daemon.host ?? daemon.instance}<br /><small class="muted">${daemon.instance}</small>`,
    csv: (daemon) => daemon.instance,
  },
  {
    label: "State",
    cell: (daemon) => html`<${Badge} state=${daemon.state} />
      ${daemon.state === "replaced" && html`<br /><small class="muted">by one that was started later</small>`}`,
    csv: (daemon) => daemon.state,
  },
  {
    label: "Role",
    cell: (daemon) => (daemon.alive && daemon.role ? html`<${Badge} state=${daemon.role} />` : "–"),
    csv: (daemon) => daemon.role,
  },
  {
    label: "Runs now",
    cell: (daemon) => html`<span class="number">${daemon.alive ? (daemon.running ?? "–") : "–"}</span>`,
    csv: (daemon) => daemon.running,
  },
  { label: "Last heard of", cell: (daemon) => html`<${Moment} at=${daemon.beatAt} />`, csv: (daemon) => daemon.beatAt },
  {
    label: "Started",
    cell: (daemon) => html`<${Moment} at=${daemon.startedAt} />`,
    csv: (daemon) => daemon.startedAt,
    narrow: false,
  },
  { label: "Version", cell: (daemon) => daemon.version ?? "–", csv: (daemon) => daemon.version, narrow: false },
  { label: "Process", cell: (daemon) => daemon.pid ?? "–", csv: (daemon) => daemon.pid, narrow: false },
  { label: "Problem", cell: (daemon) => daemon.problem ?? "none", csv: (daemon) => daemon.problem },
];

/** What <DataTable> reads, of a list that is known as a whole. */
const whole = (items) => ({
  items, data: { items }, error: null, loading: false, reload: readStatus,
  pager: { page: 1, previous: null, next: null },
});

export default function Daemons() {
  const seen = status.value;
  return html`
    <${Head} title="Daemons" about=${ABOUT} />
    ${seen === null
      ? statusError.value
          ? html`<${Failure} error=${statusError.value} retry=${readStatus} />`
          : html`<p aria-busy="true">Loading…</p>`
      : html`
          <${Leader} seen=${seen} />
          <${DataTable} caption="Daemons" columns=${COLUMNS}
            list=${whole(seen.daemons)} keyOf=${(daemon) => daemon.instance} csvName="daemons" empty=${NONE} />
          <${Channels} channels=${seen.channels} />
        `}
  `;
}

const ABOUT =
  "One leads and plans; the others take over when it is gone. A daemon that was stopped on purpose is not listed.";

const NONE = html`<${Empty} title="No daemon was ever seen">
  <p>Start one, for example with <code>systemctl start unified-scheduler-daemon</code>.</p>
<//>`;

function Leader({ seen }) {
  const { leader, openCommands, unplanned } = seen;
  const rows = [
    [
      "Leader",
      leader
        ? html`${leader.host ?? leader.instance} <${Badge} state=${leader.alive ? "alive" : "away"} />`
        : html`<${Badge} state="away">nobody leads<//>`,
    ],
    ["Changes of leader", leader && html`${leader.epoch} so far; the last made this one the leader`],
    ["Lease renewed", leader && html`<${Moment} at=${leader.renewedAt} />`],
    ["Commands waiting", openCommands],
    ["Definitions not planned yet", unplanned],
  ];
  return html`<${Panel} title="Who leads"><${Facts} rows=${rows} /><//>`;
}

const Channels = ({ channels }) => html`
  <${Panel} title="Channels that rest">
    ${channels.length === 0
      ? html`<p class="muted">None: every provider can be used.</p>`
      : channels.map((channel) => html`<${Note} key=${channel.channel} tone="warn">
          <p>
            <strong>${channel.channel}</strong> rests since <${Moment} at=${channel.since} />
            ${channel.restsUntil && html`, is tried again <${Moment} at=${channel.restsUntil} />`}: ${channel.reason}
          </p>
        <//>`)}
  <//>
`;
