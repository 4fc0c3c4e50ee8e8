import { Combobox } from '@base-ui/react/combobox';
import { Check, ChevronDown } from 'lucide-react';
import { useEffect, useId, useMemo, useRef, useState } from 'react';

import type { ProviderSpec } from '@/api/types';
import { FieldFrame, inputClass } from '@/components/Field';

import { rankedSpecs } from './rankedSpecs';

interface TypePickerProps {
  specs: readonly ProviderSpec[];
  value: ProviderSpec | null;
  onChange: (spec: ProviderSpec | null) => void;
}

/** How far anybody has seen it work. */
const standing = (spec: ProviderSpec): string => {
  if (spec.tested) return 'tested';
  return spec.verified === 'unverified' ? 'unverified' : `verified by ${spec.verified}`;
};

/** What a chosen type needs, and who reads the clock there. */
const about = (spec: ProviderSpec): string => {
  const needs = spec.needs.length > 0 ? `Needs ${spec.needs.join(', ')}.` : 'Needs nothing but an address.';
  const library = 'Timed by the client library, which adds its own time.';
  return spec.route === 'client_library' ? `${needs} ${library}` : needs;
};

/** A type of provider, found by typing a part of its name. */
export function TypePicker({ specs, value, onChange }: TypePickerProps) {
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
  const [typed, setTyped] = useState('');
  const items = useMemo(
    () => rankedSpecs(specs, typed === value?.label ? '' : typed),
    [specs, typed, value],
  );
  // The dialog may have opened before the catalogue was there to focus.
  useEffect(() => input.current?.focus(), []);
  return (
    <FieldFrame id={id} label="Provider type" hint={value ? about(value) : undefined}>
      <Combobox.Root
        items={items}
        value={value}
        onValueChange={onChange}
        onInputValueChange={setTyped}
        itemToStringLabel={(spec: ProviderSpec) => spec.label}
        itemToStringValue={(spec: ProviderSpec) => spec.id}
        isItemEqualToValue={(a: ProviderSpec, b: ProviderSpec) => a.id === b.id}
        autoHighlight
      >
        <Combobox.InputGroup className="relative">
          <Combobox.Input
            ref={input}
            id={id}
            placeholder="Search, e.g. OpenAI, Ollama, vLLM"
            className={`${inputClass} pr-9`}
          />
          <Combobox.Trigger
            aria-label="Show all"
            className="absolute inset-y-0 right-0 flex w-9 items-center justify-center text-ink-3"
          >
            <ChevronDown aria-hidden className="size-4" />
          </Combobox.Trigger>
        </Combobox.InputGroup>
        <Combobox.Portal>
          <Combobox.Positioner sideOffset={4} className="z-60 outline-none">
            <Combobox.Popup className="w-(--anchor-width) rounded-lg border border-line bg-surface shadow-pop">
              <Combobox.Empty className="px-3 text-[0.8125rem] text-ink-2 not-empty:py-3">
                No such type. Anything that speaks the OpenAI protocol works as “OpenAI-compatible”.
              </Combobox.Empty>
              <Combobox.List className="max-h-72 overflow-y-auto p-1 empty:p-0">
                {(spec: ProviderSpec) => (
                  <Combobox.Item
                    key={spec.id}
                    value={spec}
                    className="flex items-center gap-2 rounded-md px-2.5 py-1.5 text-[0.8125rem] outline-none select-none data-highlighted:bg-raised"
                  >
                    <span className="flex-1 truncate">{spec.label}</span>
                    <span className="text-xs text-ink-3">{standing(spec)}</span>
                    <Combobox.ItemIndicator>
                      <Check aria-hidden className="size-3.5 text-accent" />
                    </Combobox.ItemIndicator>
                  </Combobox.Item>
                )}
              </Combobox.List>
            </Combobox.Popup>
          </Combobox.Positioner>
        </Combobox.Portal>
      </Combobox.Root>
    </FieldFrame>
  );
}
