/** Addresses as people paste them: e-mail addresses and phone numbers, with names, commas, blanks and lines. */

const ENTRY = /(?:"[^"]*"|[^,;\n"])+/g;
const NAMED = /^(.*?)\s*<\s*([^<>]*?)\s*>$/;
const NUMBER = /^\+?[\d\s().\u00a0/-]+$/;
const unquoted = (text) => text.replace(/^"(.*)"$/, "$1").trim();

/** A number without the blanks and signs that people write in it. "(0)" is left out: nobody dials it from abroad. */
const dialled = (text) => text.replace("(0)", "").replace(/[^\d+]/g, "");
const isNumber = (text) => NUMBER.test(text) && /\d/.test(text);
const contactOf = (text) => (isNumber(text) ? { phone: dialled(text) } : { email: text });

/** Whether an entry can be an address at all; whether it is one, the API says. */
export const looksLikeAddress = ({ email, phone }) => Boolean(phone) || /^[^@\s]+@[^@\s]+$/.test(email ?? "");

function entryOf(text) {
  const named = NAMED.exec(text);
  if (named) {
    const name = unquoted(named[1]);
    return [{ ...contactOf(named[2]), ...(name && { name }) }];
  }
  const plain = unquoted(text);
  if (plain.includes("@")) return plain.split(/\s+/).map(contactOf);
  const numbers = plain.split(/(?=\+)/).map((each) => each.trim()).filter(Boolean);
  return numbers.every(isNumber) ? numbers.map(contactOf) : [contactOf(plain)];
}

/** [{email or phone, name?}] of a text; what is no address is there as an e-mail address, which the API refuses. */
export const addressesOf = (text) => (text.match(ENTRY) ?? [])
  .map((each) => each.trim())
  .filter(Boolean)
  .flatMap(entryOf);

const quoted = (name) => (/[,;"<>]/.test(name) ? `"${name.replaceAll('"', "'")}"` : name);

/** How an address is written, so that `addressesOf` reads it again. */
export const textOf = ({ email, phone, name }) => {
  const address = email ?? phone;
  return name ? `${quoted(name)} <${address}>` : address;
};
