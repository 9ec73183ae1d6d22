package account

// FixedSettings says which settings the operator has fixed, where the server was
// started. Nobody can change these while it runs.
type SettingOverrides struct {
	PublicURL   bool
	MailServer  bool // with its port, account, password and security
	Certificate bool // those to trust beside the system's
	Sender      bool
	SenderName  bool
}

// FixedSettings returns which settings are fixed. It is no secret: an update of one
// fails with CodeSetByOperator.
func (s *Service) SettingOverrides() SettingOverrides {
	m := s.mailOverrides
	return SettingOverrides{
		PublicURL: s.publicURLOverride != nil, MailServer: m.Server != nil, Certificate: m.Server != nil && m.Server.CA != "",
		Sender: m.Sender != "", SenderName: m.SenderName != "",
	}
}
