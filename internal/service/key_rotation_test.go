package service_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/keyring"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/service"
	"github.com/seed-3a99a2fe/usher/internal/service/servicetest"
	"github.com/seed-3a99a2fe/usher/internal/settings"
)

// rotationFixture has data of every purpose of the server key, sealed with the key old.
type rotationFixture struct {
	*servicetest.Fixture
	old, next   string // texts of server keys
	contractKey secret.Text
	checkpoints *memoryCheckpoints
}

// memoryCheckpoints is an [audit.CheckpointStore] that keeps the checkpoint in memory.
type memoryCheckpoints struct{ last *account.Checkpoint }

func (m *memoryCheckpoints) Checkpoint() (account.Checkpoint, error) {
	if m.last == nil {
		return account.Checkpoint{}, account.ErrNotFound
	}
	return *m.last, nil
}

func (m *memoryCheckpoints) Keep(c account.Checkpoint) error {
	m.last = &c
	return nil
}

func newRotationFixture(t *testing.T) *rotationFixture {
	t.Helper()
	f := &rotationFixture{
		old: servicetest.NewKeyText(), next: servicetest.NewKeyText(), checkpoints: &memoryCheckpoints{},
	}
	f.Fixture = servicetest.NewWithKey(t, f.old)
	f.Options.PublicURL, f.Options.Checkpoints = nil, f.checkpoints
	f.Service = service.New(f.Options)
	admin := f.Admin()
	f.contractKey = f.NewContractKey(admin)
	servicetest.Must(f.UpdateApplicationSettings(t.Context(), admin, settings.ApplicationUpdate{
		MailUpdate: settings.MailUpdate{
			Server: optional("mail.example.org"), Account: optional("usher"),
			Password: optional(secret.New(servicetest.SMTPPassword)),
		},
	}))
	servicetest.Must(f.UpdateLDAPConfiguration(t.Context(), admin, settings.LDAPUpdate{
		URL: optional("ldaps://directory.example.org"), SearchUserDN: optional("cn=usher"),
		SearchUserPassword: optional(secret.New(servicetest.LDAPPassword)),
	}))
	servicetest.Must(f.RenewSAMLCertificate(t.Context(), admin))
	f.RequestRecovery(servicetest.AdminEmail) // a second message, after that about the contract key
	for d := f.ClaimNext(); d != nil; d = f.ClaimNext() {
		if err := f.MailFailed(t.Context(), d, "refused", false); err != nil {
			t.Fatal(err)
		}
	}
	_, err := f.SignInFrom("nobody@example.org", servicetest.WrongPassword, servicetest.Home)
	servicetest.WantCode(t, err, account.CodeInvalidCredentials)
	f.Seal()
	return f
}

// optional returns the value of an update's field that sets an optional setting to value.
func optional[T any](value T) **T { return new(&value) }

// sealedWith counts the values in the database that a key seals or signs, by their table. It finds
// the columns in the schema.
func (f *rotationFixture) sealedWith(id string) map[string]int {
	f.T.Helper()
	db := f.Database.SQL()
	uses := map[string]int{}
	for _, table := range keyTables(f.T, f.Fixture) {
		var n int
		if err := db.QueryRow(`SELECT count(*) FROM `+table+` WHERE key_id = $1`, id).Scan(&n); err != nil {
			f.T.Fatal(err)
		}
		if n > 0 {
			uses[table] = n
		}
	}
	var n int
	err := db.QueryRow(`SELECT count(*) FROM sign_in_throttle WHERE key LIKE $1`, "x:"+id+":%").Scan(&n)
	if err != nil {
		f.T.Fatal(err)
	}
	if n > 0 {
		uses["sign_in_throttle"] = n
	}
	return uses
}

// keyTables returns the tables with a column key_id.
func keyTables(t testing.TB, f *servicetest.Fixture) (tables []string) {
	t.Helper()
	query := `SELECT m.name FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table' AND c.name = 'key_id'`
	if servicetest.IsPostgres() {
		query = `SELECT table_name FROM information_schema.columns WHERE table_schema = 'public' AND column_name = 'key_id'`
	}
	rows, err := f.Database.SQL().Query(query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		tables = append(tables, name)
	}
	return tables
}

// wantRotated checks that the data works with the next key alone, and that the old key opens
// nothing.
func (f *rotationFixture) wantRotated() {
	f.T.Helper()
	ctx := f.T.Context()
	if uses := f.sealedWith(idOf(f.old)); len(uses) > 0 {
		f.T.Errorf("the old key still seals %v", uses)
	}
	stolen, err := f.Store.Inner.ContractKey(ctx, 1)
	if err != nil {
		f.T.Fatal(err)
	}
	stolen.Sealed.KeyID = idOf(f.old)
	if _, err := servicetest.Must(keyring.Parse(f.old)).Open(keyring.ContractKey, "api-key|1|1", stolen.Sealed); err == nil {
		f.T.Error("the old key opens a contract key")
	}
	lonely := f.With(func(o *service.Options) { o.Keys = servicetest.Must(keyring.Parse(f.old)) })
	if err := lonely.CheckKey(ctx); !errors.Is(err, service.ErrWrongKey) {
		f.T.Errorf("a server starts with the old key: %v", err)
	}
	f.Service = f.WithKeys(f.next)
	text, err := f.ContractKey(ctx, f.Admin())
	if err != nil || !text.Equal(f.contractKey) {
		f.T.Errorf("the contract key is not the same: %v", err)
	}
	route, err := f.MailRoute(ctx)
	if err != nil || !route.Server.Password.Equal(secret.New(servicetest.SMTPPassword)) {
		f.T.Errorf("the password of the mail server is not the same: %v", err)
	}
	if err := f.SealActivity(ctx); err != nil {
		f.T.Errorf("seal: %v", err)
	}
	report, err := f.VerifyActivity(ctx, f.checkpoints.last, nil)
	if err != nil || report.FindingCount > 0 || report.Unsealed > 0 {
		f.T.Errorf("the activity log: %+v, %v", report, err)
	}
	if c := f.checkpoints.last; c == nil || c.Signature.KeyID != idOf(f.next) {
		f.T.Errorf("the checkpoint outside the database is %v", c)
	}
	f.Clock.Advance(2 * time.Minute)
	messages := 0
	for d := f.ClaimNext(); d != nil; d = f.ClaimNext() {
		if d.Message.To == servicetest.AdminEmail {
			messages++
		}
	}
	if messages != 2 {
		f.T.Errorf("%d messages to the administrator are left, want 2", messages)
	}
}

// idOf returns the id of a server key.
func idOf(key string) string { return servicetest.Must(keyring.Parse(key)).Primary() }

func TestRotateKey(t *testing.T) {
	f := newRotationFixture(t)
	before := f.sealedWith(idOf(f.old))
	for _, table := range append(keyTables(t, f.Fixture), "sign_in_throttle") {
		if before[table] == 0 && !slices.Contains(
			[]string{"key_holders", "activity_resealing", "activity_former_checkpoints"}, table) {
			t.Errorf("the test has no data in %s", table)
		}
	}
	// Another server runs. It finds the new key in its file when it is announced.
	running := f.With(func(o *service.Options) {
		o.Keys, o.ServerName = servicetest.Must(keyring.Parse(f.old)), "b"
		o.ReadKeys = func() (*keyring.Ring, error) { return keyring.Parse(f.old + f.next) }
	})
	if err := running.CheckKey(t.Context()); err != nil {
		t.Fatal(err)
	}
	result, err := f.Rotate(f.WithKeys(f.old+f.next), service.KeyRotation{Servers: 1}, func() {
		if err := running.RefreshKeys(t.Context()); err != nil {
			t.Error(err)
		}
		servicetest.Must(running.ContractKey(t.Context(), f.Admin()))
		if err := running.SealActivity(t.Context()); err != nil {
			t.Error(err)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if result.Old.ID != idOf(f.old) || result.New.ID != idOf(f.next) || result.Checkpoint == nil {
		t.Errorf("the result is %+v", result)
	}
	f.WantLastActivity(account.ActionServerKeyRetire, "application-settingsserver key",
		fmt.Sprintf(`{"field":"serverKey","from":%q,"to":%q}`, idOf(f.old), idOf(f.next)))
	if text, err := running.ContractKey(t.Context(), f.Admin()); err != nil || !text.Equal(f.contractKey) {
		t.Errorf("the running server cannot read a contract key: %v", err)
	}
	f.wantRotated()
}

// A rotation that crashes after any of its transactions leaves a log that verifies with both keys,
// and the next run ends it.
func TestRotationContinuesAfterCrash(t *testing.T) {
	for writes, ended := 1, false; !ended; writes++ {
		t.Run(fmt.Sprintf("after %d transactions", writes), func(t *testing.T) {
			f := newRotationFixture(t)
			insertActivity(f.Fixture, 1500)
			f.Seal()
			s, left := f.WithKeys(f.old+f.next), writes
			f.Store.OnCall(func(name string) {
				if name == "Write" {
					f.Store.Down.Store(left == 0)
					left--
				}
			})
			_, err := f.Rotate(s, service.KeyRotation{}, nil)
			f.Store.OnCall(func(string) {})
			f.Store.Down.Store(false)
			ended = err == nil
			if !ended && !errors.Is(err, servicetest.ErrDown) {
				t.Fatal(err)
			}
			both := f.WithKeys(f.old + f.next)
			if err := both.SealActivity(t.Context()); err != nil {
				t.Errorf("a server seals after the crash: %v", err)
			}
			report, err := both.VerifyActivity(t.Context(), f.checkpoints.last, nil)
			if err != nil || report.FindingCount > 0 {
				t.Errorf("after the crash the log has findings: %+v, %v", report.Findings, err)
			}
			if !ended {
				if _, err := f.Rotate(both, service.KeyRotation{}, nil); err != nil {
					t.Fatal(err)
				}
			}
			f.wantRotated()
		})
		if writes > 60 || t.Failed() {
			t.Fatal("the rotation does not end")
		}
	}
}

// insertActivity inserts n entries into the activity log.
func insertActivity(f *servicetest.Fixture, n int) {
	f.T.Helper()
	f.WriteStore(func(ctx context.Context, tx *account.Tx) error {
		entries := make([]account.Activity, n)
		for i := range entries {
			entries[i] = account.Activity{
				At: f.Clock.Now(), Actor: account.Operator, Count: 1, Event: account.Event{
					Action: account.ActionUserUpdate, Target: account.Target{Kind: access.EntityUser, ID: 1},
				},
			}
		}
		return tx.InsertActivity(ctx, entries...)
	})
}

// A rotation waits for the answers of servers. A server without the new key prevents it, and goes
// on with the old key.
func TestRotationNeedsAllServers(t *testing.T) {
	f := newRotationFixture(t)
	file := f.old
	server := f.With(func(o *service.Options) {
		o.Keys, o.ServerName = servicetest.Must(keyring.Parse(f.old)), "b"
		o.ReadKeys = func() (*keyring.Ring, error) { return keyring.Parse(file) }
	})
	refresh := func() {
		if err := server.RefreshKeys(t.Context()); err != nil {
			t.Error(err)
		}
	}
	s := f.WithKeys(f.old + f.next)
	_, err := f.Rotate(s, service.KeyRotation{}, refresh)
	if !errors.Is(err, service.ErrKeyNotHeld) || !strings.Contains(err.Error(), ": b") {
		t.Errorf("a server lacks the key: %v, want ErrKeyNotHeld", err)
	}
	if uses := f.sealedWith(idOf(f.next)); len(uses) > 0 {
		t.Errorf("the new key seals %v", uses)
	}
	servicetest.Must(f.WithKeys(f.old).ContractKey(t.Context(), f.Admin())) // it starts, and works

	file = f.old + f.next
	if _, err := f.Rotate(s, service.KeyRotation{Servers: 2}, refresh); !errors.Is(err, service.ErrKeyNotHeld) {
		t.Errorf("one of two servers has answered: %v, want ErrKeyNotHeld", err)
	}
	if _, err := f.Rotate(s, service.KeyRotation{Servers: 1}, refresh); err != nil {
		t.Fatal(err)
	}
	f.wantRotated()
}

// A server that lacks the current key says so, seals nothing, and loses no message.
func TestServerWithoutCurrentKey(t *testing.T) {
	f := newRotationFixture(t)
	stale := f.WithKeys(f.old)
	if _, err := f.Rotate(f.WithKeys(f.old+f.next), service.KeyRotation{}, nil); err != nil {
		t.Fatal(err)
	}
	if err := stale.RefreshKeys(t.Context()); !errors.Is(err, service.ErrWrongKey) {
		t.Errorf("RefreshKeys: %v, want ErrWrongKey", err)
	}
	if _, err := stale.RenewContractKey(t.Context(), f.Admin()); !errors.Is(err, keyring.ErrNoKey) {
		t.Errorf("a server without the current key makes a contract key: %v", err)
	}
	f.Clock.Advance(2 * time.Minute)
	for range 3 {
		if d, err := stale.ClaimMail(t.Context()); d != nil || err != nil {
			t.Errorf("a server without the current key claims a message: %v, %v", d, err)
		}
	}
	f.wantRotated()
}

// A retired key that is still given to a process is not used, and no rotation takes it as new.
func TestRetiredKeyIsNotUsed(t *testing.T) {
	f := newRotationFixture(t)
	forged := servicetest.Must(f.Store.Inner.ContractKey(t.Context(), 1)).Sealed
	if _, err := f.Rotate(f.WithKeys(f.old+f.next), service.KeyRotation{}, nil); err != nil {
		t.Fatal(err)
	}
	s := f.WithKeys(f.old + f.next)
	if _, err := f.Rotate(s, service.KeyRotation{}, nil); !errors.Is(err, service.ErrNoNewKey) {
		t.Errorf("rotate without a new key: %v, want ErrNoNewKey", err)
	}
	f.WriteStore(func(ctx context.Context, tx *account.Tx) error { return tx.SealAPIKey(ctx, 1, forged) })
	if _, err := s.ContractKey(t.Context(), f.Admin()); !errors.Is(err, keyring.ErrNotOpened) {
		t.Errorf("a text that the retired key has sealed: %v, want ErrNotOpened", err)
	}
	third := servicetest.NewKeyText()
	f.WriteStore(func(ctx context.Context, tx *account.Tx) error { return tx.SealAPIKey(ctx, 1, keyring.Sealed{}) })
	if _, err := f.Rotate(f.WithKeys(f.next+f.old+third), service.KeyRotation{}, nil); err != nil {
		t.Errorf("the second rotation: %v", err)
	}
	report, err := f.WithKeys(third).VerifyActivity(t.Context(), nil, nil)
	if err != nil || report.FindingCount > 0 {
		t.Errorf("after two rotations: %+v, %v", report, err)
	}
}

// What no key opens is not lost silently.
func TestRotationReportsUnreadableSecrets(t *testing.T) {
	f := newRotationFixture(t)
	f.WriteStore(func(ctx context.Context, tx *account.Tx) error { // as if for another mail server
		text := servicetest.Must(tx.Setting(ctx, account.SettingApplication))
		return tx.SaveSetting(ctx, account.SettingApplication, strings.Replace(text, "mail.example.org", "evil.example", 1))
	})
	s := f.WithKeys(f.old + f.next)
	_, err := f.Rotate(s, service.KeyRotation{}, nil)
	if !errors.Is(err, service.ErrUnreadable) || !strings.Contains(err.Error(), "the password of the mail server") {
		t.Fatalf("got %v, want ErrUnreadable", err)
	}
	if uses := f.sealedWith(idOf(f.old)); len(uses) != 1 || uses["setting_secrets"] != 1 {
		t.Errorf("the old key seals %v", uses)
	}
	result, err := f.Rotate(s, service.KeyRotation{Accept: true}, nil)
	if err != nil || len(result.Discarded) != 1 {
		t.Fatalf("got %v, %v", result.Discarded, err)
	}
	if route := servicetest.Must(f.WithKeys(f.next).MailRoute(t.Context())); !route.Server.Password.Empty() {
		t.Error("the password is still there")
	}
}

// Servers write all kinds of sealed data while the key is rotated. Nothing of it is lost, and the
// former key seals nothing afterwards.
func TestRotationDuringWrites(t *testing.T) {
	f := newRotationFixture(t)
	insertActivity(f.Fixture, 1500)
	f.Seal()
	running := f.WithKeys(f.old + f.next)
	admin, id := f.Admin(), f.AddUser("ann@example.org", access.UserRole)
	ann := f.As("ann@example.org")
	rotated, rotating := make(chan error, 1), f.WithKeys(f.old+f.next)
	go func() {
		_, err := rotating.RotateKey(t.Context(), service.KeyRotation{
			Wait: func(ctx context.Context, _ time.Duration) error { return running.RefreshKeys(ctx) },
		})
		rotated <- err
	}()
	var newest secret.Text
	for writing := true; writing; {
		select {
		case err := <-rotated:
			if err != nil {
				t.Fatal(err)
			}
			writing = false
		default:
		}
		for _, err := range servicetest.Parallel(4, func(i int) (err error) {
			switch i {
			case 0:
				newest, err = running.RenewContractKey(t.Context(), ann)
			case 1:
				_, err = running.UpdateLDAPConfiguration(t.Context(), admin, settings.LDAPUpdate{
					SearchUserPassword: optional(secret.New(servicetest.LDAPPassword)),
				})
			case 2:
				d, claimErr := running.ClaimMail(t.Context())
				if err = claimErr; err == nil && d != nil {
					err = running.MailFailed(t.Context(), d, "refused", false)
				}
			case 3:
				err = running.SealActivity(t.Context())
			}
			return err
		}) {
			if err != nil {
				t.Error(err)
			}
		}
	}
	f.Service = f.WithKeys(f.next)
	if text, err := f.ContractKey(t.Context(), ann); err != nil || !text.Equal(newest) {
		t.Errorf("the newest contract key of user %d is not stored: %v", id, err)
	}
	f.wantRotated()
}

// Somebody who has the former key and can write to the database seals a forged log with it during
// the rotation. That is found, because the new key has signed the ends of the chain by then.
func TestForgeryDuringRotation(t *testing.T) {
	for name, statements := range map[string][]string{
		"the forged head": {},
		"the signed head": {
			`DELETE FROM activity_chain`, `INSERT INTO activity_chain SELECT * FROM signed_ends`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := newRotationFixture(t)
			exec(f, `CREATE TABLE earlier_ends AS SELECT * FROM activity_chain`)
			insertActivity(f.Fixture, 50)
			f.Seal()
			s := f.WithKeys(f.old + f.next)
			rotateUntilPromoted(f, s)

			exec(f,
				`CREATE TABLE signed_ends AS SELECT * FROM activity_chain`,
				`DELETE FROM activity_chain`, `INSERT INTO activity_chain SELECT * FROM earlier_ends`,
				`DELETE FROM activity_checkpoints WHERE number > (SELECT number FROM earlier_ends WHERE place = 'head')`,
				`UPDATE activity SET number = 0, actor_name = 'x' WHERE number > (
				     SELECT number FROM earlier_ends WHERE place = 'head')`,
				`UPDATE key_checks SET state = 'announced' WHERE state = 'current'`,
				`UPDATE key_checks SET state = 'current' WHERE state = 'retiring'`)
			attacker := f.With(func(o *service.Options) {
				o.Keys, o.Checkpoints = servicetest.Must(keyring.Parse(f.old)), nil
			})
			if err := attacker.SealActivity(t.Context()); err != nil {
				t.Fatal(err)
			}
			exec(f,
				`UPDATE key_checks SET state = 'retiring' WHERE state = 'current'`,
				`UPDATE key_checks SET state = 'current' WHERE state = 'announced'`)
			exec(f, statements...)

			if report := servicetest.Must(s.VerifyActivity(t.Context(), nil, nil)); report.FindingCount == 0 {
				t.Error("the forgery is not found")
			}
			if _, err := f.Rotate(s, service.KeyRotation{}, nil); !errors.Is(err, account.ErrActivityChanged) {
				t.Errorf("a forged log was sealed again: %v", err)
			}
		})
	}
}

// exec runs SQL statements on the database.
func exec(f *rotationFixture, statements ...string) {
	f.T.Helper()
	db := f.Database.SQL()
	for _, statement := range statements {
		if _, err := db.Exec(statement); err != nil {
			f.T.Fatalf("%s: %v", statement, err)
		}
	}
}

// rotateUntilPromoted begins a rotation, and interrupts it after the new key has become the current
// one.
func rotateUntilPromoted(f *rotationFixture, s *service.Service) {
	f.T.Helper()
	interrupted := errors.New("interrupted")
	isPromoted := func() bool {
		keys := servicetest.Must(f.Store.Inner.ServerKeys(f.T.Context()))
		return slices.ContainsFunc(keys, func(k keyring.StoredKey) bool { return k.State == keyring.Retiring })
	}
	_, err := s.RotateKey(f.T.Context(), service.KeyRotation{Wait: func(context.Context, time.Duration) error {
		if isPromoted() {
			return interrupted
		}
		return nil
	}})
	if !errors.Is(err, interrupted) {
		f.T.Fatalf("the rotation ended with %v", err)
	}
}

// A rotation does not seal a log that was tampered with before, unless the operator accepts it.
func TestRotationRefusesForgedLog(t *testing.T) {
	f := newRotationFixture(t)
	insertActivity(f.Fixture, 50)
	f.Seal()
	s := f.WithKeys(f.old + f.next)
	exec(f, `UPDATE activity SET actor_name = 'x' WHERE number = 20`, `DELETE FROM activity WHERE number = 30`)
	result, err := f.Rotate(s, service.KeyRotation{}, nil)
	if !errors.Is(err, account.ErrActivityChanged) || result.Log.FindingCount != 2 {
		t.Fatalf("got %v, %+v", err, result.Log)
	}
	if uses := f.sealedWith(idOf(f.next)); len(uses) > 0 {
		t.Errorf("the new key seals %v", uses)
	}
	if _, err := f.Rotate(s, service.KeyRotation{Accept: true}, nil); err != nil {
		t.Fatal(err)
	}
	if uses := f.sealedWith(idOf(f.old)); len(uses) > 0 {
		t.Errorf("the old key still seals %v", uses)
	}
	const accepted = `"acceptedFindings","to":"changed 20-20, missing 30-30"`
	if !slices.ContainsFunc(f.StoredActivity(), func(e account.StoredActivity) bool {
		return strings.Contains(e.ChangesText, accepted)
	}) {
		t.Error("the log does not record what was accepted")
	}
	next := f.WithKeys(f.next)
	if err := next.SealActivity(t.Context()); err != nil {
		t.Fatal(err)
	}
	report := servicetest.Must(next.VerifyActivity(t.Context(), nil, nil))
	if report.FindingCount != 1 || report.Findings[0].From != 30 {
		t.Errorf("the missing entry does not show any more: %+v", report.Findings)
	}
}

// The outcome of a delivery is stored with the message, which a rotation may seal again at any time.
// The message is therefore locked before it is read.
func TestOutcomeLocksMessage(t *testing.T) {
	f := newRotationFixture(t)
	f.Clock.Advance(time.Minute)
	for name, report := range map[string]func(*account.Delivery) error{
		"MailFailed":    func(d *account.Delivery) error { return f.MailFailed(t.Context(), d, "refused", false) },
		"MailDelivered": func(d *account.Delivery) error { return f.MailDelivered(t.Context(), d) },
	} {
		d := f.ClaimNext()
		calls := f.Store.CallsDuring(func() {
			if err := report(d); err != nil {
				t.Error(err)
			}
		})
		if calls["LockMail"] == 0 {
			t.Errorf("%s does not lock the message", name)
		}
	}
}

// Everything that a server key seals has a place in the rotation.
func TestEveryPurposeIsRotated(t *testing.T) {
	for _, p := range keyring.Purposes() {
		if !slices.Contains(service.RotatedPurposes(), p) {
			t.Errorf("a rotation does not handle the purpose %s: add it to rotationParts", p)
		}
	}
}

// A rotation looks for the former key in every table that has a column for the id of a key.
func TestEveryKeyColumnIsCounted(t *testing.T) {
	f := newRotationFixture(t)
	s := f.WithKeys(f.old + f.next)
	insertActivity(f.Fixture, 5)
	counted := []string{"activity", "key_holders"} // by the chain of seals, and sealed with no key
	for _, table := range keyTables(t, f.Fixture) {
		if slices.Contains(counted, table) {
			continue
		}
		uses := servicetest.Must(s.KeyUses(t.Context()))
		isCounted := slices.ContainsFunc(uses, func(u keyring.Usage) bool { return u.Table == table })
		if !isCounted && !slices.Contains([]string{"activity_resealing", "activity_former_checkpoints"}, table) {
			t.Errorf("KeyUses does not count the table %s", table)
		}
	}
	if len(servicetest.Must(s.KeyUses(t.Context()))) < 5 {
		t.Error("the test has too few tables")
	}
}
