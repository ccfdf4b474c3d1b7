/** What is wrong with the layout of what is shown: the open dialog, or the page. A function for page.evaluate(). */
() => {
  const CLICKABLE = "a[href], button, input, select, textarea, summary";
  const TEXT = "h1, h2, h3, p, td, dd, dt, li, small, label, .badge";
  const SMALL = ".sr-only, .sr-only *, .skip, .heat *, .timeline *"; // not for the eye, or drawn by hand
  const OVER = ".bulk, .messages"; // they lie over the page on purpose
  const faults = [];
  const scope = [...document.querySelectorAll("dialog:modal")].at(-1) ?? document.body;
  const page = document.scrollingElement;
  const isSeen = (element) => element.checkVisibility({ visibilityProperty: true }) && !element.matches(SMALL);
  const seen = (selector) => [...scope.querySelectorAll(selector)].filter(isSeen);

  const told = (element) => {
    const name = (element.getAttribute("aria-label") ?? element.textContent).trim().replaceAll(/\s+/g, " ");
    return `${element.tagName.toLowerCase()}.${element.className} “${name.slice(0, 50)}”`;
  };
  const isInScroller = (element) => {
    for (let each = element.parentElement; each && each !== document.body; each = each.parentElement) {
      const scrolls = ["auto", "scroll"].includes(getComputedStyle(each).overflowX);
      if (scrolls && each.scrollWidth > each.clientWidth) return true;
    }
    return false;
  };
  const isWider = (element) => element.clientWidth > 0 && element.scrollWidth > element.clientWidth + 1;
  const shared = (one, other) => {
    const across = Math.min(one.right, other.right) - Math.max(one.left, other.left);
    const down = Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top);
    return Math.min(across, down);
  };

  if (page.scrollWidth > page.clientWidth) faults.push(`the page is ${page.scrollWidth} px wide`);
  const clickable = seen(CLICKABLE).map((element) => ({ element, box: element.getBoundingClientRect() }));
  clickable.forEach(({ element, box }, at) => {
    const isOut = box.left < -1 || box.right > innerWidth + 1;
    if (isOut && !isInScroller(element)) faults.push(`${told(element)} is cut at the edge`);
    if (element.matches("button, select, a[role=button]") && isWider(element)) faults.push(`${told(element)} is cut`);
    if (element.closest(OVER)) return;
    for (const other of clickable.slice(at + 1)) {
      if (shared(box, other.box) > 3 && !element.contains(other.element) && !other.element.closest(OVER)) {
        faults.push(`${told(element)} and ${told(other.element)} overlap`);
      }
    }
  });
  for (const element of seen(TEXT)) {
    const isBox = getComputedStyle(element).display !== "inline";
    if (isBox && isWider(element) && !isInScroller(element)) faults.push(`${told(element)} is wider than its place`);
  }
  return [...new Set(faults)];
}
