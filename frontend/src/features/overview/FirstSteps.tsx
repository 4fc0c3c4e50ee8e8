import { Link } from '@tanstack/react-router';
import { Eye, Plus } from 'lucide-react';

import { useMay } from '@/app/session';
import { buttonClass } from '@/components/buttonClass';
import { EmptyState } from '@/components/Notice';
import { Panel } from '@/components/Panel';
import { Offers } from '@/features/providers/Offers';
import { plural } from '@/format/numbers';

interface FirstStepsProps {
  providers: number;
  models: number;
}

/** Nothing is watched yet: leads to the next step, whichever that is. */
export function FirstSteps({ providers, models }: FirstStepsProps) {
  const mayChange = useMay('operator');
  if (!mayChange) {
    return (
      <Panel>
        <EmptyState icon={<Eye aria-hidden />} title="Nothing is watched yet">
          An operator can add a provider and choose models to watch.
        </EmptyState>
      </Panel>
    );
  }
  return (
    <div className="flex flex-col gap-4">
      <Panel>
        {providers === 0 ? (
          <EmptyState
            icon={<Eye aria-hidden />}
            title="Nothing is watched yet"
            action={
              <Link to="/providers" search={{ add: true }} className={buttonClass({ variant: 'primary' })}>
                <Plus aria-hidden className="size-4" />
                Add provider
              </Link>
            }
          >
            Add a provider: an account at an LLM vendor, or a server of your own. Its models are found
            by themselves, and you choose which ones to watch.
          </EmptyState>
        ) : (
          <EmptyState
            icon={<Eye aria-hidden />}
            title="No model is watched yet"
            action={
              <Link to="/models" search={{ watched: 'no' }} className={buttonClass({ variant: 'primary' })}>
                Choose models
              </Link>
            }
          >
            {plural(providers, 'provider')} with {plural(models, 'model')}: choose the ones to watch.
          </EmptyState>
        )}
      </Panel>
      <Offers otherwise={providers === 0 && <NothingFound />} />
    </div>
  );
}

/** What a start looks for by itself, for those who wonder why nothing is offered. */
const NothingFound = () => (
  <Panel title="Found on this machine" description="Nothing yet. A start looks for these by itself:">
    <ul className="grid gap-x-8 gap-y-3 px-4 py-3 text-[0.8125rem] text-ink-2 sm:grid-cols-3">
      <li>
        <span className="font-medium text-ink">Keys in the environment</span>
        <br />
        <code className="font-mono text-xs">OPENAI_API_KEY</code>,{' '}
        <code className="font-mono text-xs">ANTHROPIC_API_KEY</code> and the like
      </li>
      <li>
        <span className="font-medium text-ink">Servers on this machine</span>
        <br />
        Ollama, LM Studio and vLLM on their usual ports
      </li>
      <li>
        <span className="font-medium text-ink">No key at hand?</span>
        <br />
        <code className="font-mono text-xs">arguslm up --demo</code> adds simulated models
      </li>
    </ul>
  </Panel>
);
