import { type KeyboardEvent, memo, useId, useState } from 'react';

import type { SparkSlot } from '@/api/types';
import { milliseconds, percent } from '@/format/numbers';
import { dateMinute } from '@/format/time';
import { useZone } from '@/format/zone';

import { slotBounds, slotHealth, slotRatio } from './slots';

const HEALTH_CLASS = {
  good: 'bg-up-bar',
  some: 'bg-degraded-bar',
  bad: 'bg-down-bar',
  none: 'bg-unknown-bar',
};

// Shape as well as colour: full bars are good, a failing slot is cut from above, no data is a stub.
const HEALTH_HEIGHT = { good: 'h-full', some: 'h-3/4', bad: 'h-1/2', none: 'h-1/5' };

interface StatusBarProps {
  label: string;
  slots: readonly SparkSlot[];
  /** Called with the time of a slot, in milliseconds. */
  onOpen?: (from: number, to: number) => void;
  className?: string;
}

/**
 * One button per slot of time. The bar is one tab stop: arrows, Home, End and Page keys move
 * inside it, and Enter opens the slot.
 */
function StatusBarPlain({ label, slots, onOpen, className = 'h-7' }: StatusBarProps) {
  const zone = useZone();
  const [active, setActive] = useState<number>();
  const [stop, setStop] = useState(slots.length - 1);
  const tipId = useId();
  const shown = active === undefined ? undefined : slots[active];

  const move = (event: KeyboardEvent<HTMLDivElement>) => {
    const target = step(event.key, Math.min(stop, slots.length - 1), slots.length);
    if (target === undefined) return;
    event.preventDefault();
    setStop(target);
    const button = event.currentTarget.children.item(target);
    if (button instanceof HTMLElement) button.focus();
  };

  return (
    <div className="relative">
      <div
        role="toolbar"
        aria-label={label}
        onKeyDown={move}
        onPointerLeave={() => setActive(undefined)}
        className={`flex items-end ${className}`}
      >
        {slots.map((slot, index) => {
          const health = slotHealth(slot);
          return (
            <button
              key={slot.at}
              type="button"
              tabIndex={index === Math.min(stop, slots.length - 1) ? 0 : -1}
              aria-label={describe(slot, zone)}
              onClick={() => onOpen?.(...slotBounds(slots, index))}
              onFocus={() => {
                setActive(index);
                setStop(index);
              }}
              onBlur={() => setActive(undefined)}
              onPointerEnter={() => setActive(index)}
              className="group flex h-full min-w-0 flex-1 items-end px-[0.5px] focus-visible:relative focus-visible:z-1 focus-visible:outline-offset-0"
            >
              <span
                className={`w-full rounded-[1.5px] ${HEALTH_CLASS[health]} ${HEALTH_HEIGHT[health]} group-hover:brightness-125`}
              />
            </button>
          );
        })}
      </div>
      {shown && active !== undefined && (
        <div
          id={tipId}
          role="presentation"
          className={`pointer-events-none absolute bottom-full z-20 mb-1.5 rounded-md border border-line bg-surface px-2.5 py-1.5 text-xs whitespace-nowrap shadow-pop ${side(active, slots.length)}`}
        >
          <p className="font-medium">{dateMinute(new Date(shown.at), zone)}</p>
          <p className="text-ink-2">{summary(shown)}</p>
        </div>
      )}
    </div>
  );
}

/** Sixty buttons are not drawn again while their slots are the same. */
export const StatusBar = memo(StatusBarPlain);

function step(key: string, at: number, length: number): number | undefined {
  const last = length - 1;
  const moves: Record<string, number> = {
    ArrowLeft: at - 1,
    ArrowRight: at + 1,
    PageUp: at - 10,
    PageDown: at + 10,
    Home: 0,
    End: last,
  };
  const target = moves[key];
  return target === undefined ? undefined : Math.max(0, Math.min(last, target));
}

const side = (index: number, length: number): string => {
  if (index < length / 3) return 'left-0';
  return index > (length * 2) / 3 ? 'right-0' : 'left-1/2 -translate-x-1/2';
};

function summary(slot: SparkSlot): string {
  if (slot.checks === 0) return 'no data';
  const checks = `${slot.checks} ${slot.checks === 1 ? 'check' : 'checks'}`;
  const failed = slot.failed === 0 ? 'none failed' : `${slot.failed} failed`;
  const speed = slot.ttft_p50_ms == null ? '' : `, TTFT ${milliseconds(slot.ttft_p50_ms)}`;
  return `${percent(slotRatio(slot))} · ${checks}, ${failed}${speed}`;
}

const describe = (slot: SparkSlot, zone: string): string =>
  `${dateMinute(new Date(slot.at), zone)}: ${summary(slot)}`;
