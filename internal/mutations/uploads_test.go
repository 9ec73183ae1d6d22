package mutations_test

// uploads is about uploaded files and pictures, in the section "Abusing a browser".
var uploads = []mutation{
	{
		threat: "passwords in an uploaded file",
		file:   "internal/console/imports/upload.go", test: "TestImportConfirmsShownFile",
		text: "if i < 0 || us.all[i].ID != id {",
		with: "if i < 0 {",
	},
	{
		threat: "passwords in an uploaded file",
		file:   "internal/console/imports/upload.go", test: "TestUploadsExpire",
		text: "us.dropWhere(func(other *upload) bool { return other == u && !u.Running })",
		with: "_ = u",
	},
	{
		threat: "passwords in an uploaded file",
		file:   "internal/console/imports/upload.go", test: "TestImportConfirmsShownFile",
		text: "return u.Session == session && u.Import == 0 && !u.Running",
		with: "return u.Import == 0 && !u.Running",
	},
	{
		threat: "filling memory with uploaded files",
		file:   "internal/console/imports/pages.go", test: "TestImportNeedsPermission",
		text: "Handler: h.checkImport, Needs: createUsers,",
		with: "Handler: h.checkImport,",
	},
	{
		threat: "filling memory with uploaded files",
		file:   "internal/console/imports/plan.go", test: "TestImportRefusesFiles",
		text: "case len(rows) == maxImportRows && row.User > 0:",
		with: "case false:",
	},
	{
		threat: "filling memory with uploaded files",
		file:   "internal/console/imports/upload.go", test: "TestUploadsAreBounded",
		text: "if len(us.all) >= maxUploads || size > maxUploadBytes {",
		with: "if len(us.all) >= maxUploads {",
	},
	{
		threat: "filling memory with uploaded files",
		file:   "internal/console/imports/upload.go", test: "TestUploadsAreBounded",
		text: "if len(us.all) >= maxUploads || size > maxUploadBytes {",
		with: "if size > maxUploadBytes {",
	},
	{
		threat: "a file whose faults make its page larger",
		file:   "internal/console/imports/plan.go", test: "TestImportLimitsShownRows",
		text: "case faults != nil && len(p.Faulty) < maxShownFaulty:",
		with: "case faults != nil:",
	},
	{
		threat: "a picture that is a script",
		file:   "internal/picture/picture.go", test: "TestType",
		text: `	if _, ok := formats[found]; !ok {
		return ""
	}
`,
		with: "",
	},
	{
		threat: "a picture that fills memory",
		file:   "internal/picture/picture.go", test: "TestShrinkRefuses",
		text: "config.Width*config.Height*weight(config, info) > MaxPixels {",
		with: "config.Width*config.Height*weight(config, info) < 0 {",
	},
	{
		threat: "a picture with a location",
		file:   "internal/picture/picture.go", test: "TestUpright",
		text: "return encode(info.upright(small), maxBytes)",
		with: `if len(file) <= maxBytes {
		return file, nil
	}
	return encode(info.upright(small), maxBytes)`,
	},
	{
		threat: "a file whose faults make its page larger",
		file:   "internal/userfile/csv_reader.go", test: "TestHeaderFaultsAreLimited",
		text: `		case wrong > maxReportedColumns:
`,
		with: `		case false:
`,
	},
	{
		threat: "a picture that is a script",
		file:   "internal/console/page/avatar.go", in: "internal/console/profile", test: "TestPictureOfUnknownFormat",
		text: `	if kind == "" {
		return account.NotFound()
	}
`,
		with: "",
	},
	{
		threat: "a picture that is a script",
		file:   "internal/console/profile/picture.go", test: "TestPicture",
		text: "small, err := h.pictures.Shrink(q.Context(), uploaded, account.MaxPictureBytes)",
		with: "small, err := uploaded, error(nil)",
	},
}
