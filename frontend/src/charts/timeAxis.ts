// Labels of a true time axis in the reader's zone: the hour, and the day wherever it changes.

const HOUR_S = 3_600;
const DAY_S = 86_400;

export function timeLabels(zone: string): (splits: number[], incrementS: number) => string[] {
  const options = { timeZone: zone, hourCycle: 'h23' } as const;
  const clock = new Intl.DateTimeFormat(undefined, { ...options, hour: '2-digit', minute: '2-digit' });
  const exact = new Intl.DateTimeFormat(undefined, {
    ...options,
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  });
  const day = new Intl.DateTimeFormat(undefined, { ...options, month: 'short', day: 'numeric' });
  return (splits, incrementS) => {
    let shownDay = '';
    return splits.map((second) => {
      const at = new Date(second * 1000);
      const today = day.format(at);
      if (incrementS >= DAY_S) return today;
      const time = (incrementS < HOUR_S / 60 ? exact : clock).format(at);
      if (today === shownDay) return time;
      shownDay = today;
      return `${time}\n${today}`;
    });
  };
}
