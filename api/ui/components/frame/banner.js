/** What everybody must know, whatever screen they look at. */
import { html } from "../../core/html.js";
import { href, place } from "../../core/router.js";
import { may } from "../../core/session.js";
import { status, unknownBecause } from "../../core/status.js";
import { Note, Told } from "../basics.js";

/** One note for each thing: none of them hides another. */
export function Banner() {
  const seen = status.value;
  const elsewhere = place.value.path !== "/"; // the overview says these in its own words
  return html`
    ${elsewhere && unknownBecause.value && html`<${Note} tone="bad">
      ${unknownBecause.value} What you see may be old; it is tried again by itself.
    <//>`}
    ${seen?.maintenance && html`<${Note} tone="warn">
      Maintenance: nothing starts. ${seen.maintenance.reason}${" "}
      ${may("edit") && html`<a href=${href("/admin/maintenance")}>Maintenance mode</a>`}
    <//>`}
    ${seen && !seen.daemonAlive
      ? html`<${Note} tone="bad">
          The daemon is away: nothing runs and nothing is sent until it is back. What you ask for now is done
          then.${" "}<a href=${href("/admin/daemons")}>Daemons</a>
        <//>`
      : seen && elsewhere && html`<${FirstAlarm} alarms=${seen.alarms} />`}
  `;
}

const FirstAlarm = ({ alarms }) =>
  alarms.length > 0 && html`<${Note} tone="warn">
    <span><${Told} text=${alarms[0].detail} /></span>
    ${alarms.length > 1 && html` <a href="#/">and ${alarms.length - 1} more</a>`}
  <//>`;
