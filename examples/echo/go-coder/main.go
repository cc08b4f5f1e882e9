// Echo with coder/websocket (https://github.com/coder/websocket). Run: go run . [port]
package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"

	"github.com/coder/websocket"
)

func echo(writer http.ResponseWriter, request *http.Request) {
	socket, err := websocket.Accept(writer, request, nil)
	if err != nil {
		return // Accept has answered the request.
	}
	defer socket.CloseNow()
	socket.SetReadLimit(1 << 24)
	ctx := context.Background()
	for {
		kind, message, err := socket.Read(ctx)
		if err != nil || socket.Write(ctx, kind, message) != nil {
			return
		}
	}
}

func main() {
	port := "9001"
	if len(os.Args) > 1 {
		port = os.Args[1]
	}
	listener, err := net.Listen("tcp", "127.0.0.1:"+port)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Printf("ready on %d\n", listener.Addr().(*net.TCPAddr).Port)
	http.HandleFunc("/", echo)
	fmt.Fprintln(os.Stderr, http.Serve(listener, nil))
	os.Exit(1)
}
