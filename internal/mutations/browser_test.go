package mutations_test

// browser is about the first half of the section "Abusing a browser": channels, cookies and headers.
var browser = []mutation{
	{
		file: "internal/auth/authenticate.go", test: "TestChannels",
		text: "err == nil && from.Channel == account.ChannelAPI {",
		with: "err == nil {",
	},
	{
		file: "internal/httpapi/auth.go", test: "TestCredentialHeaders",
		text: `		if other != tokens[0] {
`,
		with: `		if false && other != tokens[0] {
`,
	},
	{
		threat: "a cross-site form",
		file:   "internal/console/page/gate.go", in: "internal/console", test: "TestEveryFormNeedsToken",
		text: `	if guard.Check(r) != nil {
`,
		with: `	if false {
`,
	},
	{
		threat: "a cross-site form",
		file:   "internal/console/page/gate.go", in: "internal/console/signin", test: "TestRefusedRequests",
		text: `	if guard.Check(r) != nil {
`,
		with: `	if false {
`,
	},
	{
		threat: "a cross-site form",
		file:   "internal/console/page/gate.go",
		in:     "internal/console/signin", test: "TestOriginOfThePublicURLIsAccepted",
		text: `	if public != nil {
		if err := guard`,
		with: `	if false {
		if err := guard`,
	},
	{
		threat: "a forged form, also for sign-in",
		file:   "internal/console/page/gate.go", in: "internal/console", test: "TestEveryFormNeedsToken",
		text: "if !ok || !q.HasFormToken(bound) {",
		with: "if !ok || false && !q.HasFormToken(bound) {",
	},
	{
		threat: "a forged form, also for sign-in",
		file:   "internal/console/page/gate.go", in: "internal/console/signin", test: "TestSignIn",
		text: "if !ok || !q.HasFormToken(bound) {",
		with: "if !ok || false && !q.HasFormToken(bound) {",
	},
	{
		threat: "a forged form, also for sign-in",
		file:   "internal/console/signin/reset.go", test: "TestRefusedRequests",
		text: "if !q.HasFormToken(token) {",
		with: "if false {",
	},
	{
		threat: "a script in a page",
		file:   "internal/console/page/render.go", in: "internal/console", test: "TestSecurityHeaders",
		text: `		h.Set("Content-Security-Policy", contentSecurityPolicy)
`,
		with: "",
	},
	{
		threat: "a script in a page",
		file:   "internal/console/page/render.go", in: "internal/console", test: "TestSecurityHeaders",
		text: "script-src 'self';",
		with: "script-src 'self' 'unsafe-inline';",
	},
	{
		threat: "a script in a page",
		file:   "internal/console/page/templates/layout.html",
		in:     "internal/console", test: "TestPagesObeyTheirPolicy",
		text: "</head>",
		with: "<style>body{}</style></head>",
	},
	{
		threat: "a page in a frame or a cache, or with a guessed type",
		file:   "internal/console/page/render.go", in: "internal/console", test: "TestSecurityHeaders",
		text: `frame-ancestors 'none'"`,
		with: `frame-ancestors *"`,
	},
	{
		threat: "a page in a frame or a cache, or with a guessed type",
		file:   "internal/console/page/render.go", in: "internal/console", test: "TestSecurityHeaders",
		text: `		h.Set("Cache-Control", "no-store")
`,
		with: "",
	},
	{
		threat: "a page in a frame or a cache, or with a guessed type",
		file:   "internal/console/page/render.go", in: "internal/console", test: "TestSecurityHeaders",
		text: `		h.Set("X-Content-Type-Options", "nosniff")
`,
		with: "",
	},
	{
		threat: "taking a visitor's form cookie, or an expensive name or language",
		file:   "internal/console/page/render.go", in: "internal/console", test: "TestCrossSiteRequestSetsNoCookie",
		text: `if status != http.StatusForbidden &&`,
		with: `if true || status != http.StatusForbidden &&`,
	},
	{
		threat: "taking a visitor's form cookie, or an expensive name or language",
		file:   "internal/console/page/failure.go", in: "internal/console", test: "TestStaleSignInFormIsShownAgain",
		text: "if errors.Is(err, errFormStale) && q.Caller == nil && q.URL.Path == SignInPath {",
		with: "if false {",
	},
	{
		threat: "testing a password by a header that no database accepts",
		file:   "internal/auth/sign_in.go", test: "TestDeviceNameDoesNotMatter", engine: "postgres",
		text: `	text = strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "\uFFFD")
`,
		with: `	_ = strings.ToValidUTF8
`,
	},
	{
		threat: "a stolen cookie",
		file:   "internal/console/page/cookie.go", in: "internal/console", test: "TestSessionCookie",
		text: "HttpOnly: true,",
		with: "HttpOnly: false,",
	},
	{
		threat: "a stolen cookie",
		file:   "internal/console/page/cookie.go", in: "internal/console", test: "TestSessionCookie",
		text: "Secure:   q.secure,",
		with: "Secure:   false,",
	},
	{
		threat: "a stolen cookie",
		file:   "internal/console/signin/sign_in.go", in: "internal/console", test: "TestSignInEndsFormerSession",
		text: "if q.Caller != nil { // end the previous",
		with: "if false { // end the previous",
	},
	{
		threat: "a stolen cookie",
		file:   "internal/console/page/request.go", in: "internal/console", test: "TestCookieRefusesOtherTokens",
		text: ", Channel: account.ChannelConsole,",
		with: ",",
	},
	{
		threat: "a stolen cookie",
		file:   "internal/account/principal.go", in: "internal/auth", test: "TestChannels",
		text: `	if c == ChannelConsole {
`,
		with: `	if false {
`,
	},
	{
		threat: "a stolen cookie",
		file:   "internal/auth/session.go", test: "TestRenewSession",
		text: "return credentialError(tx.SetSessionHash(ctx, caller.Session.ID, was, hash))",
		with: `_, _ = was, hash
		return nil`,
	},
	{
		threat: "a stolen cookie",
		file:   "internal/console/profile/password.go", test: "TestChangePassword",
		text: "token, err := h.service.RenewSession(q.Context(), q.Caller, former)",
		with: "token, err := former, error(nil)",
	},
	{
		threat: "a stolen cookie",
		file:   "internal/auth/password.go", test: "TestChangePassword",
		text: `	if err := tx.DeleteSessionsOf(ctx, c.UserID, caller.Credential.SessionID()); err != nil {
		return err
	}
`,
		with: "",
	},
	{
		threat: "a cookie from a neighbouring host or plain HTTP",
		file:   "internal/console/page/cookie.go", in: "internal/console", test: "TestInsecureCookieIsRefused",
		text: "found, err := q.Cookie(q.cookieName(c))",
		with: `found, err := q.Cookie(q.cookieName(c))
	if err != nil {
		found, err = q.Cookie(insecurePrefix + string(c))
	}`,
	},
	{
		threat: "a page that is open by mistake",
		file:   "internal/console/users/pages.go", in: "internal/console", test: "TestOpenPages",
		text: "Handler: h.showUser,",
		with: "Handler: h.showUser, Open: true,",
	},
	{
		threat: "a sign-in link that leads elsewhere",
		file:   "internal/console/signin/sign_in.go", test: "TestRedirectAfterSignIn",
		text: `return q.Redirect(page.LocalPath(q.Value("next")))`,
		with: `return q.Redirect(q.Value("next"))`,
	},
	{
		threat: "a query that no database accepts",
		file:   "internal/console/page/gate.go", in: "internal/console", test: "TestUnreadableQueryIsRefused",
		text: `	if !readable(q.URL.Query()) {
`,
		with: `	if false {
`,
	},
	{
		threat: "an attacker with an open browser or its cookie",
		file:   "internal/auth/attempt.go", test: "TestWrongCurrentPasswords",
		text: "if !matches || !a.reservation.credential.Active ||",
		with: "if !a.reservation.credential.Active ||",
	},
	{
		threat: "an attacker with an open browser or its cookie",
		file:   "internal/console/profile/password.go", test: "TestFifthWrongPasswordEndsSession",
		text: "account.ErrorCode(err) == account.CodeWrongPassword && h.sessionEnded(q) {",
		with: "false {",
	},
	{
		threat: "taking a visitor's form cookie, or an expensive name or language",
		file:   "internal/locale/locale.go", test: "TestMatch",
		text: "return len(text) > 256 })",
		with: "return false })",
	},
}
