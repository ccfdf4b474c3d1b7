/** Overview: whether all is well, at one glance, and why not. */
import { Badge, Failure, Head, Moment, Note, Panel, Told } from "../components/basics.js";
import { ComingPanel } from "../components/jobs/coming.js";
import { FailuresPanel } from "../components/jobs/failures.js";
import { Figure } from "../components/figure.js";
import {
  HeatPanel, RunsPerHourPanel, SuccessTile, lastDayOf, useStatistics,
} from "../components/jobs/overview_history.js";
import { RunningList } from "../components/jobs/runs.js";
import { html } from "../core/html.js";
import { useDocument } from "../core/resource.js";
import { href } from "../core/router.js";
import { readStatus, status, statusError, statusReadAt, unknownBecause } from "../core/status.js";
import { now, relative } from "../core/time.js";

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
      : html`
          <${Verdict} seen=${seen} statistics=${statistics} />
          <div class=${unknownBecause.value ? "old" : ""}><${Tiles} seen=${seen} statistics=${statistics} /></div>
        `}
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

/** How old what is shown is. */
function Freshness() {
  const age = unknownBecause.value ? `From ${relative(statusReadAt.value, now.value)}` : "Refreshes by itself";
  return html`<small class="muted">${age}</small>`;
}

/** What is wrong, with what to do about it; or that nothing is; or that nobody knows. */
function Verdict({ seen, statistics }) {
  if (unknownBecause.value) return html`<${Unknown} seen=${seen} />`;
  const alarms = seen.alarms.map((alarm) => alarm.detail);
  const others = seen.problems.filter((problem) => !alarms.includes(problem));
  if (alarms.length + others.length === 0) return html`<${NoAlarm} seen=${seen} statistics=${statistics} />`;
  return html`
    ${alarms.length > 0 && html`<div class="note bad" role="alert"><${AlarmList} alarms=${seen.alarms} /></div>`}
    ${others.length > 0 && html`<${Note} tone="warn">
      <ul aria-label="Needs attention">
        ${others.map((problem) => html`<li key=${problem}><${Told} text=${problem} /></li>`)}
      </ul>
    <//>`}
  `;
}

const AlarmList = ({ alarms }) => html`<ul aria-label="Alarms">
  ${alarms.map(({ code, detail }) => html`<li key=${detail}>
    <strong>${code.replaceAll("_", " ")}:</strong> <${Told} text=${detail} />${" "}
    ${FURTHER[code] && html`<a href=${FURTHER[code][0]}>${FURTHER[code][1]}</a>`}
  </li>`)}
</ul>`;

/** Where to look: address and words, by the alarm's code. */
const FURTHER = {
  jobs_failing: [href("/runs", { state: "failed" }), "Failed runs"],
  runs_failing: [href("/runs", { state: "failed" }), "Failed runs"],
  jobs_overdue: [href("/jobs"), "Jobs"],
  notifications_overdue: [href("/notifications/scheduled"), "Scheduled notifications"],
  runs_stuck: [href("/runs", { state: "pending" }), "Waiting runs"],
  messages_stuck: [href("/notifications/queue"), "Queue"],
  channel_paused: [href("/notifications/queue"), "Queue"],
  daemon_away: [href("/admin/daemons"), "Daemons"],
  no_leader: [href("/admin/daemons"), "Daemons"],
  lease_stale: [href("/admin/daemons"), "Daemons"],
};

/** The last that was heard says nothing about now, least of all that all is well. */
const Unknown = ({ seen }) => html`<${Note} tone="bad" role="status">
  <strong>Nobody knows whether all is well.</strong>
  <span>
    ${unknownBecause.value} The last that is known is from <${Moment} at=${statusReadAt.value} />:${" "}
    ${seen.problems.length === 0 ? "there was no alarm then." : `${seen.problems.length} problems were known then.`}
  </span>
  <button type="button" class="small" onClick=${readStatus}>Try again</button>
<//>`;

const FEW_FAILED = 0.1;

/** No alarm; "All is well" only if that is the whole truth. */
function NoAlarm({ seen, statistics }) {
  const { ended, failed } = lastDayOf(statistics);
  const many = failed > FEW_FAILED * ended;
  if (seen.maintenance) {
    return html`<${Note} tone="warn">
      No alarm, but nothing starts: maintenance mode is on, and what falls due now waits for its end.
    <//>`;
  }
  if (many) {
    return html`<${Note} tone="warn">
      <span>
        No alarm now: the daemon is alive, nothing is late. But ${failed} of the ${ended} runs of the last day failed.
      </span>
      <a href=${href("/runs", { state: "failed" })}>Failed runs</a>
    <//>`;
  }
  return html`<${Note} tone="good">
    All is well: the daemon is alive, nothing is late, no job keeps failing, no alarm.
  <//>`;
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
