import { Link, useNavigate } from '@tanstack/react-router';
import { Bell } from 'lucide-react';
import { memo, useCallback, useMemo } from 'react';

import type { Range } from '@/api/monitoring';
import type { ModelCard, ModelState } from '@/api/types';
import { Sparkline } from '@/charts/Sparkline';
import { StatusBar } from '@/charts/StatusBar';
import { Lasting } from '@/components/Lasting';
import { StateBadge } from '@/components/StateBadge';
import { Time } from '@/components/Time';
import { faultOwner, STATE_LABEL } from '@/format/outcomes';
import { milliseconds, NOT_KNOWN, percent, plural, speed } from '@/format/numbers';

const STORY: Record<ModelState, string> = {
  down: 'text-down',
  degraded: 'text-degraded',
  unknown: 'text-ink-2',
  paused: 'text-ink-2',
  up: 'text-ink-2',
};

const EDGE: Record<ModelState, string> = {
  down: 'border-l-down-bar',
  degraded: 'border-l-degraded-bar',
  unknown: 'border-l-line-strong',
  paused: 'border-l-line-strong',
  up: 'border-l-up-bar',
};

interface ModelCardViewProps {
  card: ModelCard;
  /** What the figures are of. */
  range: Range;
  /** The range somebody asked for, to be kept on the way to the model. */
  chosen: Range | undefined;
}

function ModelCardPlain({ card, range, chosen }: ModelCardViewProps) {
  const navigate = useNavigate();
  const { model_id: modelId } = card;
  const openSlot = useCallback(
    (from: number, to: number) =>
      void navigate({ to: '/models/$modelId', params: { modelId }, search: { range: chosen, from, to } }),
    [navigate, modelId, chosen],
  );
  const ttft = useMemo(() => card.slots.map((slot) => slot.ttft_p50_ms), [card.slots]);
  return (
    <article
      data-testid="model-card"
      data-state={card.state}
      aria-label={`${card.name} at ${card.provider_name}`}
      className={`relative flex flex-col gap-2.5 rounded-lg border border-l-3 border-line bg-surface px-4 py-3 shadow-card transition-colors [contain-intrinsic-size:auto_11rem] [content-visibility:auto] focus-within:[content-visibility:visible] hover:border-line-strong hover:[content-visibility:visible] ${EDGE[card.state]}`}
    >
      <div className="flex items-start gap-3">
        <div className="min-w-0 flex-1">
          <h2 className="line-clamp-2 text-[0.875rem] leading-snug font-semibold wrap-anywhere" title={`${card.name}\n${card.model}`}>
            <Link
              to="/models/$modelId"
              params={{ modelId }}
              search={{ range: chosen }}
              className="after:absolute after:inset-0 after:rounded-lg hover:text-accent focus-visible:outline-none focus-visible:after:outline-2 focus-visible:after:outline-accent"
            >
              {card.name}
            </Link>
          </h2>
          <p className="truncate text-xs text-ink-3">{card.provider_name}</p>
        </div>
        {card.open_alerts > 0 && (
          <span
            title={plural(card.open_alerts, 'open alert')}
            className="inline-flex items-center gap-1 pt-0.5 text-xs font-medium text-down"
          >
            <Bell aria-hidden className="size-3.5" />
            {card.open_alerts}
            <span className="sr-only"> open alerts</span>
          </span>
        )}
        <StateBadge state={card.state} />
      </div>
      <p className={`truncate text-xs ${STORY[card.state]}`} title={story(card)}>
        {story(card)}
      </p>
      <div className="relative z-1 mt-auto flex flex-col gap-1">
        <Sparkline values={ttft} />
        <StatusBar
          label={`Checks of ${card.name} over time`}
          slots={card.slots}
          onOpen={openSlot}
        />
      </div>
      <dl className="grid grid-cols-3 gap-3">
        <Figure term="Uptime" value={percent(card.uptime_ratio)} title={`${card.checks} checks in ${range}`} />
        <Figure
          term="TTFT p50"
          swatch
          value={milliseconds(card.ttft_p50_ms)}
          title={`p95 ${milliseconds(card.ttft_p95_ms)}; last ${milliseconds(card.last_ttft_ms)}`}
        />
        <Figure
          term="Tokens/s"
          value={speed(card.tokens_per_s_p50)}
          title={`last ${speed(card.last_tokens_per_s)}`}
        />
      </dl>
      <p className="flex justify-between gap-2 text-xs text-ink-3">
        <span className="truncate">
          {card.since ? (
            <>
              for{' '}
              <span className="font-medium text-ink-2">
                <Lasting from={card.since} />
              </span>
              , since <Time at={card.since} short />
            </>
          ) : (
            STATE_LABEL[card.state]
          )}
        </span>
        <span className="shrink-0">
          {card.last_check_at ? (
            <>
              checked <Time at={card.last_check_at} ago />
            </>
          ) : (
            'not checked yet'
          )}
        </span>
      </p>
    </article>
  );
}

/** Cards that did not change are not drawn again when another one does. */
export const ModelCardView = memo(ModelCardPlain);

interface FigureProps {
  term: string;
  value: string;
  title: string;
  /** It is what the small line draws. */
  swatch?: boolean;
}

function Figure({ term, value, title, swatch = false }: FigureProps) {
  return (
    <div title={title}>
      <dt className="flex items-center gap-1.5 text-[0.6875rem] text-ink-3">
        {swatch && <span aria-hidden className="w-2.5 border-t-2 border-series-1" />}
        {term}
      </dt>
      <dd className={`text-[0.9375rem] font-medium ${value === NOT_KNOWN ? 'text-ink-3' : ''}`}>{value}</dd>
    </div>
  );
}

/** What the last check found, in words: "refused the connection (network)". */
function story(card: ModelCard): string {
  if (card.state === 'paused') return 'not watched at the moment';
  if (!card.last_says) return 'waiting for the first check';
  const owner = card.last_fault_owner;
  return owner && owner !== 'none' ? `${card.last_says} (${faultOwner(owner)})` : card.last_says;
}
