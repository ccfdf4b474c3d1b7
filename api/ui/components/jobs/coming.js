/** What starts or is sent in the next day. */
import { html } from "../../core/html.js";
import { useDocument } from "../../core/resource.js";
import { href } from "../../core/router.js";
import { may } from "../../core/session.js";
import { standstill } from "../../core/status.js";
import { now } from "../../core/time.js";
import { Exact, Loaded, Moment, Note, Panel } from "../basics.js";
import { Timeline } from "./hours.js";
import { EVERY_MS } from "./overview_history.js";

const COMING = 12;

const addressOf = ({ jobId, notificationId }) =>
  href(jobId ? `/jobs/${encodeURIComponent(jobId)}` : `/notifications/scheduled/${encodeURIComponent(notificationId)}`);

export function ComingPanel() {
  const coming = useDocument("admin/scheduler/upcoming", { hours: 24 }, { every: EVERY_MS });
  return html`<${Panel} title="Next 24 hours">
    <${Loaded} resource=${coming}>${({ items, more }) => items.length === 0
      ? html`<p class="muted">Nothing is due.${may("edit") && html` <a href=${href("/jobs/new")}>Create a job</a>`}</p>`
      : html`
          ${standstill.value && html`<${Note} tone="warn">${standstill.value}<//>`}
          <${Timeline} items=${items} from=${now.value} />
          <ul class="lines coming">
            ${items.slice(0, COMING).map((item) => html`<li key=${`${item.jobId ?? item.notificationId}-${item.at}`}>
              <a href=${addressOf(item)} dir="auto">${item.name}</a>${" "}
              <small class="muted">
                ${standstill.value ? html`due <${Exact} at=${item.at} />` : html`<${Moment} at=${item.at} />`}
              </small>
            </li>`)}
          </ul>
          ${(more || items.length > COMING) && html`
            <p class="muted"><small>and ${more ? "more than " : ""}${items.length - COMING} others</small></p>
          `}
        `}<//>
  <//>`;
}
