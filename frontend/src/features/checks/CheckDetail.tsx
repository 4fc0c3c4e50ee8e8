import type { ReactNode } from 'react';

import type { CheckResponse, Headroom } from '@/api/types';
import { costOfCheck } from '@/features/costs/costsInWords';
import { count, milliseconds, NOT_KNOWN, percent, speed } from '@/format/numbers';
import { faultOwner } from '@/format/outcomes';

import { PhaseBar } from './PhaseBar';

type Fact = [name: string, value: ReactNode];

/** Everything one check measured, and what its outcome was decided from. */
export function CheckDetail({ check }: { check: CheckResponse }) {
  const { timing, usage, evidence, headroom, audit, findings } = check.measurement;
  return (
    <div className="flex flex-col gap-4 px-4 py-4 text-[0.8125rem]">
      <p>
        <span className="font-medium">{check.model_name}</span> {check.says}
        {check.measurement.fault_owner !== 'none' && (
          <> · to be looked at by: {faultOwner(check.measurement.fault_owner)}</>
        )}
        {!audit.trustworthy && (
          <span className="ml-2 text-degraded">Our own clock lagged; do not rely on these times.</span>
        )}
      </p>
      {findings.length > 0 && (
        <ul className="flex flex-col gap-1">
          {findings.map((each, index) => (
            <li key={index} className={each.level === 'fail' ? 'text-down' : 'text-degraded'}>
              {each.level === 'fail' ? 'Failed' : 'Warning'}: {each.message} ({each.code.replaceAll('_', ' ')})
            </li>
          ))}
        </ul>
      )}
      <PhaseBar timing={timing} />
      <div className="grid gap-x-8 gap-y-4 sm:grid-cols-2 xl:grid-cols-4">
        <Facts
          title="Clocks"
          facts={[
            ['Headers', milliseconds(timing.headers_ms)],
            ['First byte', milliseconds(timing.first_byte_ms)],
            ['First token', milliseconds(timing.first_token_ms)],
            ['First answer token', milliseconds(timing.first_answer_token_ms)],
            ['Total', milliseconds(timing.total_ms)],
          ]}
        />
        <Facts
          title="Connection"
          facts={[
            ['DNS', milliseconds(timing.dns_ms)],
            ['Connect', milliseconds(timing.connect_ms)],
            ['TLS', milliseconds(timing.tls_ms)],
            ['Reused', timing.connection_reused ? 'yes' : 'no'],
            ['Streamed', timing.streamed ? 'yes' : 'no'],
          ]}
        />
        <Facts
          title={`Tokens (${usage.source})`}
          facts={[
            ['Input', count(usage.input_tokens)],
            ['Output', count(usage.output_tokens)],
            ['Reasoning', count(usage.reasoning_tokens)],
            ['Cached', count(usage.cached_tokens)],
            ['Cost', costOfCheck(check.measurement.cost)],
            ['Speed', `${speed(check.measurement.tokens_per_s)} /s`],
            ['Longest gap', milliseconds(timing.max_gap_ms)],
          ]}
        />
        <Facts
          title="Evidence"
          facts={[
            ['HTTP status', evidence.http_status ?? '–'],
            ['Finish reason', evidence.finish_reason ?? '–'],
            ['Error', [evidence.error_type, evidence.error_code].filter(Boolean).join(' / ') || '–'],
            ['Request', evidence.provider_request_id ?? '–'],
            ['Stamps', timing.stamp.replaceAll('_', ' ')],
          ]}
        />
        <Facts
          title="Our prober"
          facts={[
            ['Location', check.location],
            ['Begun late by', milliseconds(timing.schedule_delay_ms)],
            ['Event loop late by', milliseconds(audit.loop_lag_ms)],
            ['Read late by', milliseconds(audit.read_lag_ms)],
            ['CPU', audit.cpu_share == null ? NOT_KNOWN : `${percent(audit.cpu_share)} of a core`],
          ]}
        />
        {headroom.length > 0 && <Facts title="Rate limits left" facts={headroom.map(left)} />}
      </div>
      {evidence.message && <Quote title="Message">{evidence.message}</Quote>}
      {evidence.answer_preview && <Quote title="Answer">{evidence.answer_preview}</Quote>}
    </div>
  );
}

/** What is left of one rate limit, and when it is whole again. */
function left({ kind, limit, remaining, left_ratio, resets_in_s }: Headroom): Fact {
  const share = left_ratio == null ? '' : `${percent(left_ratio)}, `;
  const of = limit == null ? '' : ` of ${count(limit)}`;
  const resets = resets_in_s == null ? '' : `, resets in ${milliseconds(resets_in_s * 1000)}`;
  return [kind.replaceAll('_', ' '), `${share}${count(remaining)}${of}${resets}`];
}

function Facts({ title, facts }: { title: string; facts: Fact[] }) {
  return (
    <section>
      <h3 className="mb-1 text-xs font-semibold text-ink-3">{title}</h3>
      <dl className="grid grid-cols-[auto_1fr] gap-x-3 gap-y-0.5">
        {facts.map(([name, value]) => (
          <div key={name} className="contents">
            <dt className="text-ink-2">{name}</dt>
            <dd className="min-w-0 text-right break-words">{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function Quote({ title, children }: { title: string; children: string }) {
  return (
    <section>
      <h3 className="mb-1 text-xs font-semibold text-ink-3">{title}</h3>
      <pre className="overflow-x-auto rounded-md border border-line bg-surface px-3 py-2 font-mono text-xs break-words whitespace-pre-wrap">
        {children}
      </pre>
    </section>
  );
}
