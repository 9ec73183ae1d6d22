package client_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/seed-3a99a2fe/usher/api"
	"github.com/seed-3a99a2fe/usher/client"
)

// TestOperationsAreThoseOfTheContract calls every method of Client and compares the requests with the contract:
// method, path, names of query parameters, and whether there is a body. Each operation is called by some method.
func TestOperationsAreThoseOfTheContract(t *testing.T) {
	doc, err := openapi3.NewLoader().LoadFromData(api.OpenAPI)
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	called := map[string]bool{} // operations, as "PATCH /api/users/{id}"
	operations := http.NewServeMux()
	for path, item := range doc.Paths.Map() {
		for method, operation := range item.Operations() {
			called[method+" "+path] = false
			operations.HandleFunc(method+" "+path, func(_ http.ResponseWriter, r *http.Request) {
				mu.Lock()
				defer mu.Unlock()
				called[r.Pattern] = true
				for name := range r.URL.Query() {
					if operation.Parameters.GetByInAndName("query", name) == nil {
						t.Errorf("%s has no parameter %q", r.Pattern, name)
					}
				}
				if got, want := r.ContentLength > 0, operation.RequestBody != nil; got != want {
					t.Errorf("%s: sent a body: %v, want %v", r.Pattern, got, want)
				}
			})
		}
	}
	operations.HandleFunc("/", func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("%s %s is no operation of the contract", r.Method, r.URL.Path)
	})
	server := httptest.NewServer(operations)
	defer server.Close()

	c := reflect.ValueOf(newClient(t, server.URL, client.WithToken("uss_hidden"), client.WithRetries(0)))
	for i := range c.NumMethod() {
		call(t.Context(), c.Method(i))
	}
	mu.Lock()
	defer mu.Unlock()
	for operation, ok := range called {
		if !ok {
			t.Errorf("no method calls %s", operation)
		}
	}
}

// call calls a method of Client with arguments that are not zero, so that it sends all that it can. It reads the first
// element of a sequence that the method returns.
func call(ctx context.Context, method reflect.Value) {
	arguments := make([]reflect.Value, method.Type().NumIn())
	for i := range arguments {
		arguments[i] = reflect.New(method.Type().In(i)).Elem()
		fill(ctx, arguments[i])
	}
	results := method.Call(arguments)
	if results[0].Kind() == reflect.Func {
		for range results[0].Seq2() {
			break
		}
	}
}

// fill sets value, or the fields of a struct, to something that is not zero; an interface is set to ctx.
func fill(ctx context.Context, value reflect.Value) {
	switch value.Kind() {
	case reflect.Interface:
		value.Set(reflect.ValueOf(ctx))
	case reflect.String:
		value.SetString("x")
	case reflect.Int, reflect.Int64:
		value.SetInt(1)
	case reflect.Bool:
		value.SetBool(true)
	case reflect.Pointer:
		value.Set(reflect.New(value.Type().Elem()))
		fill(ctx, value.Elem())
	case reflect.Struct:
		if value.Type() == reflect.TypeFor[time.Time]() {
			value.Set(reflect.ValueOf(time.Unix(0, 0)))
			return
		}
		for i := range value.NumField() {
			if value.Type().Field(i).IsExported() {
				fill(ctx, value.Field(i))
			}
		}
	}
}
