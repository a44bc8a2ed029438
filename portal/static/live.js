/* Keeps an open page true: the data's clock, the ages, the stream of changes, the banner when it is lost.
   Silence of the stream is never calm: without a beat for 15 s every mark turns grey, and the ages go on.
   What is shown is also asked for every 30 s, so that it ages no further where no stream comes through. */
"use strict";
const hladina = (() => {
  const body = document.body;
  const banner = document.getElementById("banner");
  const BEAT_LIMIT_MS = 15000;
  const STREAM_LIMIT_MS = 30000;
  const REFRESH_MS = 30000;
  const RETRY_MS = 5000;
  const FETCH_MS = 10000;
  const TOLD_MS = 15000;
  const TOLD_MOST = 3;
  /* Both clocks, and the greater of what they say: one stands still while a machine sleeps, the other can be set back. */
  const stamp = () => ({ run: performance.now(), wall: Date.now() });
  const passed = (at) => Math.max(performance.now() - at.run, Date.now() - at.wall);
  const clock = { data: Date.parse(body.dataset.now), at: stamp(), speed: Number(body.dataset.speed) };
  const listeners = [];
  /* When the last beat was heard; null: none since the page was shown, and the page may be an old one. */
  let beatAt = stamp();
  let stream = null;
  let streamAt = stamp();
  let relisten = 0;
  let etag = body.dataset.etag;
  let stale = null;
  /* What the page itself said stands until the first beat: a page made of an old state is not calm meanwhile. */
  let given = banner.hidden ? "" : banner.textContent;
  let shown = given;
  let busy = false;
  let again = false;
  let retry = 0;
  const waiting = new Map();
  const failing = new Map();

  const now = () => clock.data + passed(clock.at) * clock.speed;
  /* As the server writes them (portal.localtime): the clock for today, day and clock for other days. */
  const language = body.dataset.language, timeZone = "Europe/Prague";
  const months = { en: "short", pl: "2-digit" };
  const days = new Intl.DateTimeFormat(language === "en" ? "en-GB" : language, { timeZone, day: "numeric", month: months[language] ?? "numeric" });
  const hours = new Intl.DateTimeFormat(language, { timeZone, hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  const timeOfDay = (text) => hours.format(new Date(text));
  const moment = (text) => {
    const day = days.format(new Date(text));
    return day === days.format(new Date(now())) ? timeOfDay(text) : `${day} ${timeOfDay(text)}`;
  };

  function age(ms) {
    const minutes = Math.max(0, Math.floor(ms / 60000));
    if (minutes < 60) return `${minutes}\u00a0min`;
    if (minutes < 1440) return `${Math.floor(minutes / 60)}\u00a0h${minutes % 60 ? ` ${minutes % 60}\u00a0min` : ""}`;
    return `${Math.floor(minutes / 1440)}\u00a0d ${Math.floor((minutes % 1440) / 60)}\u00a0h`;
  }

  /* An age that stood still would make old water young on a page that lost its server. */
  function grow() {
    for (const element of document.querySelectorAll("time[data-age]")) {
      const text = age(now() - Date.parse(element.dateTime));
      if (element.textContent !== text) element.textContent = text;
    }
  }

  function judge() {
    const unfetched = [...failing.values()].filter((each) => passed(each.at) > BEAT_LIMIT_MS);
    const lost = beatAt === null || passed(beatAt) > BEAT_LIMIT_MS || unfetched.length > 0;
    const since = Math.min(clock.data, ...unfetched.map((each) => each.since));
    const text = lost ? `${body.dataset.lost} ${body.dataset.lostsince.replace("{since}", moment(since))}` : stale ? body.dataset.stale.replace("{since}", moment(stale)) : given;
    if (text !== shown) {
      shown = text;
      banner.textContent = text;
      banner.hidden = !text;
      body.classList.toggle("lost", Boolean(text));
      listeners.forEach((listener) => listener.state?.());
    }
    /* A connection that died on its way raises no error: what has been silent so long is replaced. */
    if (passed(streamAt) > STREAM_LIMIT_MS) listen();
  }

  /* Beats may come and pages not: what could not be fetched is old too. Returns whether to try again soon. */
  function fetched(what, well) {
    if (well) failing.delete(what);
    else if (!failing.has(what)) failing.set(what, { at: stamp(), since: now() });
    return !well;
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

  /* Degrees and silences that changed, for those who hear the page: a few at a time, the rest as a number. */
  const standing = (place) => new Map([...place.querySelectorAll("[data-told]")].map((each) => [each.dataset.id, each.dataset]));

  function compare(before, after) {
    for (const [id, data] of after) {
      const old = before.get(id)?.standing;
      if (old !== data.standing && !(old === undefined && data.standing === "0")) waiting.set(id, data.told);
    }
  }

  function tell() {
    const place = document.getElementById("told");
    if (!place || !waiting.size) return;
    const sentences = [...waiting.values()];
    const more = sentences.length - TOLD_MOST;
    waiting.clear();
    place.textContent = sentences.slice(0, TOLD_MOST).join(" ") + (more > 0 ? ` ${body.dataset.more.replace("{count}", more)}` : "");
  }

  async function refresh() {
    const place = document.getElementById("live");
    if (!place || document.hidden) return;
    if (busy) { again = true; return; }
    clearTimeout(retry);
    busy = true;
    let well = false;
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" }, signal: AbortSignal.timeout(FETCH_MS) });
      well = answer.ok;
      if (!well) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.getElementById("live");
      if (!fresh) return;
      const told = page.getElementById("incidents"), telling = document.getElementById("incidents");
      if (told && telling && told.textContent !== telling.textContent) telling.replaceChildren(...told.childNodes);
      const held = kept(place), before = standing(place);
      place.replaceChildren(...fresh.childNodes);
      held();
      compare(before, standing(place));
    } catch {
      well = false;
    } finally {
      busy = false;
      if (fetched("page", well)) retry = setTimeout(refresh, RETRY_MS);
      if (again) { again = false; refresh(); }
    }
  }

  function heard(event) {
    const beat = JSON.parse(event.data);
    beatAt = streamAt = stamp();
    clock.data = Date.parse(beat.now);
    clock.at = stamp();
    clock.speed = beat.speed;
    stale = beat.stale_since;
    given = "";
    judge();
    if (etag !== beat.etag.replaceAll('"', "")) {
      setTimeout(refresh, 300 * Math.random());
      listeners.forEach((listener) => listener.change?.());
    }
    etag = beat.etag.replaceAll('"', "");
  }

  function listen() {
    clearTimeout(relisten);
    stream?.close();
    const own = stream = new EventSource("/api/v1/stream");
    streamAt = stamp();
    own.addEventListener("beat", heard);
    own.addEventListener("error", () => {
      if (own === stream && own.readyState === EventSource.CLOSED) relisten = setTimeout(listen, 5000);
    });
  }

  /* List and map together, so that one page never tells two stories. */
  function poll() {
    if (document.hidden) return;
    judge();
    grow();
    refresh();
    listeners.forEach((listener) => listener.change?.());
  }

  /* A page out of the browser's store looks young and may be hours old: nothing of it is believed before a beat. */
  const stored = () => performance.getEntriesByType("navigation").some((each) => each.type === "back_forward" && !each.transferSize);
  function restored(event) {
    if (!event.persisted) return;
    beatAt = null;
    listen();
    poll();
  }

  if (stored()) beatAt = null;
  judge();
  addEventListener("pageshow", restored);
  setInterval(judge, 1000);
  setInterval(grow, 1000);
  setInterval(tell, TOLD_MS);
  setInterval(poll, REFRESH_MS);
  document.addEventListener("visibilitychange", poll);
  listen();
  return { now, moment, age, fetched, RETRY_MS, FETCH_MS, clock: timeOfDay, on: (listener) => listeners.push(listener), lost: () => body.classList.contains("lost") };
})();
