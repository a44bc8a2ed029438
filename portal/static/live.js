/* Keeps an open page true: the data's clock, the stream of changes, the banner when either is lost.
   Silence of the stream is never calm: without a beat for 15 s every mark turns grey. */
"use strict";
const hladina = (() => {
  const body = document.body;
  const banner = document.getElementById("banner");
  const BEAT_LIMIT_MS = 15000;
  const REFRESH_MS = 30000;
  const clock = { data: Date.parse(body.dataset.now), at: performance.now(), speed: Number(body.dataset.speed) };
  const listeners = [];
  let beatAt = Date.now();
  let etag = null;
  let stale = null;
  let shown = null;
  let busy = false;

  const now = () => clock.data + (performance.now() - clock.at) * clock.speed;
  const wall = new Intl.DateTimeFormat(body.dataset.language, {
    timeZone: "Europe/Prague", day: "numeric", month: "numeric", hour: "2-digit", minute: "2-digit",
  });
  const hours = new Intl.DateTimeFormat(body.dataset.language, { timeZone: "Europe/Prague", hour: "2-digit", minute: "2-digit", hour12: false });
  const timeOfDay = (text) => hours.format(new Date(text));
  const moment = (text) => wall.format(new Date(text));

  function judge() {
    const lost = Date.now() - beatAt > BEAT_LIMIT_MS;
    const text = lost ? body.dataset.lost : stale ? body.dataset.stale.replace("{since}", moment(stale)) : "";
    if (text !== shown) {
      shown = text;
      banner.textContent = text;
      banner.hidden = !text;
      body.classList.toggle("lost", Boolean(text));
      listeners.forEach((listener) => listener.state?.());
    }
  }

  /* What a reader has in hand goes on: the focus, what is unfolded, how far a table is pushed aside. */
  function kept(place) {
    const HANDLES = "a[href], summary, .scroll";
    const name = (element) => element.getAttribute("href") ?? element.getAttribute("aria-label") ?? element.textContent;
    const at = place.contains(document.activeElement) ? document.activeElement : null;
    const focus = at && name(at);
    const open = new Set([...place.querySelectorAll("details[open] > summary")].map(name));
    const pushed = new Map([...place.querySelectorAll(".scroll")].map((box) => [name(box), box.scrollLeft]));
    return () => {
      for (const summary of place.querySelectorAll("summary")) if (open.has(name(summary))) summary.parentElement.open = true;
      for (const box of place.querySelectorAll(".scroll")) box.scrollLeft = pushed.get(name(box)) ?? 0;
      if (at) [...place.querySelectorAll(HANDLES)].find((element) => name(element) === focus)?.focus({ preventScroll: true });
    };
  }

  async function refresh() {
    const place = document.getElementById("live");
    if (!place || busy || document.hidden) return;
    busy = true;
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
      if (!answer.ok) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.getElementById("live");
      if (!fresh) return;
      const told = page.getElementById("incidents"), telling = document.getElementById("incidents");
      if (told && telling && told.textContent !== telling.textContent) telling.replaceChildren(...told.childNodes);
      const held = kept(place);
      place.replaceChildren(...fresh.childNodes);
      held();
    } catch {
      /* the beat's silence tells it */
    } finally {
      busy = false;
    }
  }

  function heard(event) {
    const beat = JSON.parse(event.data);
    beatAt = Date.now();
    clock.data = Date.parse(beat.now);
    clock.at = performance.now();
    clock.speed = beat.speed;
    stale = beat.stale_since;
    judge();
    if (etag !== null && etag !== beat.etag) {
      setTimeout(refresh, 300 * Math.random());
      listeners.forEach((listener) => listener.change?.());
    }
    etag = beat.etag;
  }

  function listen() {
    const stream = new EventSource("/api/v1/stream");
    stream.addEventListener("beat", heard);
    stream.addEventListener("error", () => {
      if (stream.readyState === EventSource.CLOSED) setTimeout(listen, 5000);
    });
  }

  shown = banner.hidden ? "" : banner.textContent;
  setInterval(judge, 1000);
  setInterval(refresh, REFRESH_MS);
  document.addEventListener("visibilitychange", refresh);
  listen();
  return { now, moment, clock: timeOfDay, on: (listener) => listeners.push(listener), lost: () => body.classList.contains("lost") };
})();
