import { chooseTheme, THEMES, useTheme } from '@/app/theme';
import { SelectField } from '@/components/Field';
import { Panel } from '@/components/Panel';
import { Segmented } from '@/components/Segmented';
import { useNow } from '@/format/clock';
import { dateTime } from '@/format/time';
import { chooseZone, chosenZone, DEVICE_ZONE, useZone } from '@/format/zone';

const LABELS = { system: 'System', light: 'Light', dark: 'Dark' };

const ZONES = ['UTC', ...Intl.supportedValuesOf('timeZone').filter((zone) => zone !== 'UTC')];

/** How this browser shows things; nothing here is sent anywhere. */
export function DisplayTab() {
  const theme = useTheme();
  const zone = useZone();
  const now = useNow();
  return (
    <Panel title="Display" description="Kept in this browser only.">
      <div className="flex flex-col gap-5 px-4 py-4">
        <div className="flex flex-col gap-1.5">
          <span className="text-xs font-medium text-ink-2">Theme</span>
          <div>
            <Segmented
              label="Theme"
              value={theme}
              options={THEMES.map((value) => ({ value, label: LABELS[value] }))}
              onChange={chooseTheme}
            />
          </div>
        </div>
        <div className="max-w-80">
          <SelectField
            label="Time zone"
            hint={`It is ${dateTime(new Date(now), zone)}.`}
            value={chosenZone() ?? ''}
            onChange={(event) => chooseZone(event.target.value || null)}
          >
            <option value="">This device’s ({DEVICE_ZONE})</option>
            {ZONES.map((name) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </SelectField>
        </div>
      </div>
    </Panel>
  );
}
