package console

import (
	"strconv"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/settings"
)

func (q *request) lockoutPanels() ([]panel, error) {
	policy, err := q.accounts.LockoutPolicy(q.Context(), q.caller)
	if err != nil {
		return nil, err
	}
	p := q.settingsPanel("Account lockout", access.EntityLockoutPolicy, false, &form{Action: lockoutPath, Fields: []*field{
		{Name: "enabled", Label: "Lock accounts after failed sign-ins", Hint: "Addresses from which many sign-ins fail are held back all the same.", Type: "checkbox", Checked: policy.Enabled},
		{Name: "failedAttemptThreshold", Label: "Failed sign-ins that lock", Hint: "From 1 to 50.", Type: "number", Value: strconv.Itoa(policy.Threshold)},
		q.spanField(field{Name: "failedAttemptPeriod", Label: "Failures are forgotten after", Hint: "Without another failure in between. 0: only a successful sign-in forgets them."}, policy.Period, seconds, minutes, hours, days),
		q.spanField(field{Name: "lockoutDuration", Label: "The first lock lasts", Hint: "Each one that follows lasts twice as long. 0: until an administrator lifts it, or the password is recovered by mail."}, policy.Duration, seconds, minutes, hours, days),
	}})
	p.Text = append(p.Text, q.say("A change holds from the next sign-in on. Accounts that are locked now stay so."))
	return []panel{p}, nil
}

func (q *request) changeLockout() error {
	return q.changeSettings(lockout, func(f *form) (string, error) {
		up := settings.LockoutUpdate{
			Enabled: q.yes(f, "enabled"), Threshold: q.whole(f, "failedAttemptThreshold"),
			Period: q.span(f, "failedAttemptPeriod"), Duration: q.span(f, "lockoutDuration"),
		}
		if f.faulty() {
			return "", nil
		}
		return q.say(saved), q.accounts.UpdateLockoutPolicy(q.Context(), q.caller, up)
	})
}
