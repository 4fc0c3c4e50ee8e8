import { Link } from '@tanstack/react-router';
import { ChevronRight } from 'lucide-react';
import { Fragment, useState } from 'react';

import type { CheckResponse } from '@/api/types';
import { OutcomeBadge } from '@/components/StateBadge';
import { TableScroll } from '@/components/TableScroll';
import { Time } from '@/components/Time';
import { milliseconds, speed } from '@/format/numbers';
import { faultOwner } from '@/format/outcomes';
import { kindLabel, worstFinding } from '@/format/probes';

import { CheckDetail } from './CheckDetail';

interface CheckTableProps {
  checks: readonly CheckResponse[];
  showModel?: boolean;
}

/** Checks, newest first; each row opens to everything that was measured. */
export function CheckTable({ checks, showModel = false }: CheckTableProps) {
  const [open, setOpen] = useState<string>();
  return (
    <TableScroll label="Checks">
      <table className="table-quiet">
        <thead>
          <tr>
            <th scope="col" className="w-8 pr-0!">
              <span className="sr-only">Details</span>
            </th>
            <th scope="col">Time</th>
            {showModel && <th scope="col">Model</th>}
            <th scope="col" className={showModel ? 'max-sm:hidden' : ''}>
              Outcome
            </th>
            <th scope="col" className="max-md:hidden">
              Fault
            </th>
            <th scope="col" className="num">
              TTFT
            </th>
            <th scope="col" className="num max-sm:hidden">
              Tokens/s
            </th>
            <th scope="col" className="num max-sm:hidden">
              Total
            </th>
          </tr>
        </thead>
        <tbody>
          {checks.map((check) => (
            <Fragment key={check.id}>
              <CheckRow
                check={check}
                showModel={showModel}
                open={open === check.id}
                onToggle={() => setOpen(open === check.id ? undefined : check.id)}
              />
              {open === check.id && (
                <tr>
                  <td colSpan={8} className="bg-canvas p-0!" id={`check-${check.id}`}>
                    <CheckDetail check={check} />
                  </td>
                </tr>
              )}
            </Fragment>
          ))}
        </tbody>
      </table>
    </TableScroll>
  );
}

interface CheckRowProps {
  check: CheckResponse;
  showModel: boolean;
  open: boolean;
  onToggle: () => void;
}

function CheckRow({ check, showModel, open, onToggle }: CheckRowProps) {
  const { measurement } = check;
  const owner = measurement.fault_owner;
  const finding = worstFinding(measurement.findings);
  return (
    <tr data-testid="check-row" data-outcome={measurement.outcome} className="hover:bg-raised/60">
      <td className="pr-0!">
        <button
          type="button"
          aria-expanded={open}
          aria-controls={`check-${check.id}`}
          aria-label={open ? 'Hide details' : 'Show details'}
          onClick={onToggle}
          className="flex size-6 items-center justify-center rounded text-ink-3 hover:bg-raised hover:text-ink"
        >
          <ChevronRight aria-hidden className={`size-4 transition-transform ${open ? 'rotate-90' : ''}`} />
        </button>
      </td>
      <td className="sm:whitespace-nowrap">
        <Time at={check.completed_at} />
      </td>
      {showModel && (
        <td className="max-w-36 sm:max-w-56">
          <Link
            to="/models/$modelId"
            params={{ modelId: check.model_id }}
            className="block truncate font-medium hover:text-accent"
          >
            {check.model_name}
          </Link>
          <p className="truncate text-xs text-ink-3 max-sm:hidden">{check.provider_name}</p>
          <p className="mt-1 sm:hidden">
            <OutcomeBadge check={check} />
          </p>
        </td>
      )}
      <td className={showModel ? 'max-sm:hidden' : ''}>
        <OutcomeBadge check={check} />
        {check.purpose === 'manual' && <span className="ml-2 text-xs text-ink-3">by hand</span>}
        {check.kind !== 'liveness' && (
          <span className="ml-2 text-xs text-ink-3">{kindLabel(check.kind)}</span>
        )}
        {finding && (
          <p className={`truncate text-xs ${finding.level === 'fail' ? 'text-down' : 'text-degraded'}`}>
            {finding.message}
          </p>
        )}
      </td>
      <td className="text-ink-2 max-md:hidden">{owner === 'none' ? '' : faultOwner(owner)}</td>
      <td className="num">
        {!measurement.audit.trustworthy && measurement.timing.first_token_ms != null && (
          <span title="Our own clock lagged: not to be relied on, and left out of the statistics" className="mr-1 text-degraded">
            ≈<span className="sr-only"> not to be relied on: </span>
          </span>
        )}
        {milliseconds(measurement.timing.first_token_ms)}
      </td>
      <td className="num max-sm:hidden">{speed(measurement.tokens_per_s)}</td>
      <td className="num max-sm:hidden">{milliseconds(measurement.timing.total_ms)}</td>
    </tr>
  );
}
