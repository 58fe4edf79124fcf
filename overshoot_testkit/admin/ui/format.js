// Numbers as people read them.

const grouped = new Intl.NumberFormat("en", { maximumFractionDigits: 2 });
const fine = new Intl.NumberFormat("en", { maximumFractionDigits: 3 });

export const cents = (value) => `${grouped.format(value)} ¢`;
export const number = (value) => fine.format(value);

/** 4.2 s, 38 s, 2 min 5 s, 1 h 2 min */
export function duration(seconds) {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
}

/** A moment of the fake's clock, as wide as its neighbours: 0:07.250, 12:00.000, 1:00:00.000 */
export function moment(seconds) {
  const thousandths = Math.max(0, Math.round(seconds * 1000));
  const [hours, minutes] = [Math.floor(thousandths / 3_600_000), Math.floor(thousandths / 60_000) % 60];
  const rest = ((thousandths % 60_000) / 1000).toFixed(3).padStart(6, "0");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

/** The last characters tell streams apart. */
export const shortId = (id) => (id.length > 14 ? `${id.slice(0, 5)}…${id.slice(-6)}` : id);

export const plural = (count, one, many = `${one}s`) => `${grouped.format(count)} ${count === 1 ? one : many}`;
