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

// TestOperationsAreThoseOfTheContract calls every method of Client and its services. It compares the requests with the
// contract: method, path, names of query parameters, and whether there is a body. It also fails if the contract has an
// operation that no method calls.
func TestOperationsAreThoseOfTheContract(t *testing.T) {
	doc, err := openapi3.NewLoader().LoadFromData(api.OpenAPI)
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	called := map[string]bool{} // by operation, such as "PATCH /api/users/{id}"
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

	c := newClient(t, server.URL, client.WithToken("uss_hidden"), client.WithRetries(0))
	for _, receiver := range append(services(t, c), reflect.ValueOf(c)) {
		for i := range receiver.NumMethod() {
			call(t.Context(), receiver.Method(i))
		}
	}
	mu.Lock()
	defer mu.Unlock()
	for operation, ok := range called {
		if !ok {
			t.Errorf("no method calls %s", operation)
		}
	}
}

// TestServicesSendTheToken checks that a service sends the token of its client, also after [client.Client.WithToken].
func TestServicesSendTheToken(t *testing.T) {
	var token string
	url := serve(t, func(_ http.ResponseWriter, r *http.Request) { token = r.Header.Get("x-api-key") })
	first := newClient(t, url, client.WithToken("uss_first"), client.WithRetries(0))
	second := first.WithToken("uss_second")
	for want, c := range map[string]*client.Client{"uss_first": first, "uss_second": second, "": first.WithToken("")} {
		for _, service := range services(t, c) {
			token = "no request"
			call(t.Context(), service.Method(0))
			if token != want {
				t.Errorf("%s of a client with the token %q sent %q", service.Type(), want, token)
			}
		}
	}
}

// services returns the services of c: the values of its exported fields.
func services(t *testing.T, c *client.Client) []reflect.Value {
	t.Helper()
	var found []reflect.Value
	for field, value := range reflect.ValueOf(c).Elem().Fields() {
		if !field.IsExported() {
			continue
		}
		if value.Kind() != reflect.Pointer || value.IsNil() {
			t.Fatalf("Client.%s is no service", field.Name)
		}
		found = append(found, value)
	}
	if len(found) == 0 {
		t.Fatal("Client has no services")
	}
	return found
}

// call calls a method of Client or of a service. All arguments are non-zero, so that the request has every optional
// parameter and field. If the method returns a sequence, call reads the first element, because only reading sends the
// request.
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

// fill sets value to a non-zero value, and a struct field by field. It sets an interface to ctx.
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
