/** Overview: whether all is well, at one glance, and why not. */
import { Badge, Failure, Head, Moment, Note, Panel } from "../components/basics.js";
import { Figure } from "../components/figure.js";
import { HeatPanel, RunsPerHourPanel, SuccessTile, useStatistics } from "../components/overview_history.js";
import { ComingPanel, FailuresPanel } from "../components/overview_lists.js";
import { RunningList } from "../components/runs.js";
import { html } from "../core/html.js";
import { useDocument } from "../core/resource.js";
import { href } from "../core/router.js";
import { readStatus, status, statusError, statusReadAt } from "../core/status.js";
import { now, relative } from "../core/time.js";

const OLD_MS = 15_000;
const RUNNING_EVERY_MS = 5000;

export default function Overview() {
  const statistics = useStatistics();
  const running = useDocument("admin/scheduler/runs", { state: "running", limit: 10 }, { every: RUNNING_EVERY_MS });
  const seen = status.value;
  return html`
    <${Head} title="Overview"><${Freshness} /><//>
    ${seen === null
      ? statusError.value
          ? html`<${Failure} error=${statusError.value} retry=${readStatus} />`
          : html`<p aria-busy="true">Loading…</p>`
      : html`<${Verdict} seen=${seen} /><${Tiles} seen=${seen} statistics=${statistics} />`}
    <div class="halves">
      <div>
        <${Panel} title="Running now" actions=${html`<a href=${href("/runs", { state: "running" })}>All running</a>`}>
          <${RunningList} resource=${running} />
        <//>
        <${HeatPanel} statistics=${statistics} />
      </div>
      <${FailuresPanel} />
    </div>
    <${RunsPerHourPanel} statistics=${statistics} />
    <${ComingPanel} />
  `;
}

/** How old what is shown is. Silent for screen readers until it is too old: it changes every second. */
function Freshness() {
  const age = statusReadAt.value === null ? 0 : now.value - statusReadAt.value;
  if (age <= OLD_MS) return html`<small class="muted">Refreshes by itself</small>`;
  return html`<${Note} tone="warn">This is from ${relative(statusReadAt.value, now.value)}.<//>`;
}

/** All alarms with what to do about them; or that there are none. */
function Verdict({ seen }) {
  const alarms = seen.alarms.map((alarm) => alarm.detail);
  const others = seen.problems.filter((problem) => !alarms.includes(problem));
  if (alarms.length + others.length === 0) {
    return html`<${Note} tone="good">All is well: the daemon is alive, nothing is late, no alarm.<//>`;
  }
  return html`
    ${alarms.length > 0 && html`<div class="note bad" role="alert"><ul aria-label="Alarms">
      ${seen.alarms.map((alarm) => html`
        <li key=${alarm.detail}><strong>${alarm.code.replaceAll("_", " ")}:</strong> ${alarm.detail}</li>
      `)}
    </ul></div>`}
    ${others.length > 0 && html`<${Note} tone="warn">
      <ul aria-label="Needs attention">${others.map((problem) => html`<li key=${problem}>${problem}</li>`)}</ul>
    <//>`}
  `;
}

function Tiles({ seen, statistics }) {
  const { runs, messages } = seen.queues;
  const oldest = Object.values(seen.oldestWaiting.messages).filter(Boolean).sort()[0];
  const late = (seen.overdue ?? 0) + (seen.overdueNotifications ?? 0);
  return html`<dl class="figures">
    <${DaemonTile} seen=${seen} />
    <${SuccessTile} statistics=${statistics} />
    <${Figure} label="Overdue" value=${late} tone=${late > 0 ? "bad" : "good"}
      about=${`${seen.overdue ?? 0} jobs, ${seen.overdueNotifications ?? 0} notifications`} />
    <${Figure} label="Runs running" value=${runs.running} about=${`${runs.retry_wait ?? 0} wait for another attempt`} />
    <${Figure} label="Runs waiting" value=${runs.pending}
      about=${seen.oldestWaiting.run && html`the oldest since <${Moment} at=${seen.oldestWaiting.run} />`} />
    <${Figure} label="Messages waiting" value=${(messages.pending ?? 0) + (messages.retry_wait ?? 0)}
      about=${oldest ? html`the oldest due <${Moment} at=${oldest} />` : `${messages.sending ?? 0} being sent`} />
    <${Figure} label="Messages to decide" value=${messages.unknown} tone=${messages.unknown > 0 ? "warn" : ""}
      about=${messages.unknown > 0 && html`<a href=${href("/notifications/queue", { state: "unknown" })}>Decide</a>`} />
    <${Figure} label="Quarantined" value=${Object.values(seen.quarantined).reduce((sum, each) => sum + (each ?? 0), 0)}
      tone=${Object.values(seen.quarantined).some(Boolean) ? "bad" : ""} about="definitions that cannot run" />
  </dl>`;
}

function DaemonTile({ seen }) {
  const { leader, daemons, daemonAlive } = seen;
  const alive = daemons.filter((daemon) => daemon.alive).length;
  const state = html`<a href=${href("/admin/daemons")}><${Badge} state=${daemonAlive ? "alive" : "away"} /></a>`;
  const about = leader?.alive ? `${leader.host ?? leader.instance} leads; ${alive} alive` : "nobody leads";
  return html`<${Figure} label="Daemon" value=${state} about=${about} />`;
}
