package service

// LimitStrangerRows sets the limit of the rows of each kind that anyone can create.
func (s *Service) LimitStrangerRows(limit int) { s.maxStrangerRows = limit }
