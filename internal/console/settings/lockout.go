package settings

import (
	"strconv"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/console/page"
	"github.com/seed-3a99a2fe/usher/internal/settings"
)

func (h *handler) lockoutPanels(q *page.Request) ([]panel, error) {
	policy, err := h.service.LockoutPolicy(q.Context(), q.Caller)
	if err != nil {
		return nil, err
	}
	p := newPanel(q, "Account lockout", access.EntityLockoutPolicy, false,
		&page.Form{Action: lockoutPath, Fields: []*page.Field{
			{
				Name: "enabled", Label: "Lock accounts after failed sign-ins",
				Hint: "Addresses from which many sign-ins fail are held back all the same.", Type: "checkbox",
				Checked: policy.Enabled,
			},
			{
				Name: "failedAttemptThreshold", Label: "Failed sign-ins that lock", Hint: "From 1 to 50.",
				Type: "number", Value: strconv.Itoa(policy.Threshold),
			},
			durationField(q, &page.Field{
				Name: "failedAttemptPeriod", Label: "Failures are forgotten after",
				Hint: "Without another failure in between. 0: only a successful sign-in forgets them.",
			}, policy.Period, seconds, minutes, hours, days),
			durationField(q, &page.Field{
				Name: "lockoutDuration", Label: "The first lock lasts",
				Hint: "Each one that follows lasts twice as long. 0: until an administrator lifts it, or the " +
					"password is recovered by mail.",
			}, policy.Duration, seconds, minutes, hours, days),
		}})
	p.Text = append(p.Text, q.Tr("A change holds from the next sign-in on. Accounts that are locked now stay so."))
	return []panel{p}, nil
}

func (h *handler) changeLockout(q *page.Request) error {
	return h.changeSettings(q, lockoutSection, func(f *page.Form) (string, error) {
		up := settings.LockoutUpdate{
			Enabled: checkbox(q, f, "enabled"), Threshold: number(q, f, "failedAttemptThreshold"),
			Period: duration(q, f, "failedAttemptPeriod"), Duration: duration(q, f, "lockoutDuration"),
		}
		if f.Faulty() {
			return "", nil
		}
		return q.Tr(saved), h.service.UpdateLockoutPolicy(q.Context(), q.Caller, up)
	})
}
