/** What a message says: made again by the API, as its sender makes it. */
import { html } from "../../core/html.js";
import { useDocument } from "../../core/resource.js";
import { href } from "../../core/router.js";
import { Facts, Loaded, Panel } from "../basics.js";
import { RenderedTexts } from "./rendered_texts.js";

/** What the panel is called, by the state of the message. */
const TITLES = {
  pending: "As it will be sent",
  retry_wait: "As it will be sent",
  sending: "As it is being sent",
  sent: "As it was sent",
  delivered: "As it was sent",
  bounced: "As it was sent",
  unknown: "As it was handed to the provider",
};
const NEVER_SENT = "As it would have been sent";

/** message: of the queue. A fault shows here, and hides nothing else. */
export function MessageContent({ message }) {
  const content = useDocument(`notifications/queue/${message.id}/content`);
  return html`<${Panel} title=${TITLES[message.state] ?? NEVER_SENT}>
    <p class="muted">Texts are not kept. This one is made again from ${originOf(message)}.</p>
    <${Loaded} resource=${content}>${(found) => html`
      <${Facts} rows=${besideTexts(found)} />
      <${RenderedTexts} texts=${found} />
      ${found.unsubscribeStandIn !== null && html`<p class="muted">
        The link to unsubscribe is the recipient’s alone; in its place stands one as long as it that takes nobody off
        (…hiddenxxx).
      </p>`}
    `}<//>
  <//>`;
}

function originOf(message) {
  if (message.jobId) return "the text of the alert, which is stored with the message";
  if (!message.templateId) return "what is stored with the message";
  return html`<a href=${href(`/notifications/templates/${message.templateId}`)}>its template</a>, version${" "}
    ${message.templateVersion}, which never changes, and the values that are stored with the message`;
}

const besideTexts = ({ replyTo, attachments }) => [
  ["Answers go to", replyTo],
  ["Files", attachments.length > 0 && attachments.join(", ")],
];
