//! Echo with tungstenite (https://github.com/snapview/tungstenite-rs). Run: cargo run --release -- [port]

use std::net::{TcpListener, TcpStream};
use std::thread;

use tungstenite::{accept, Error};

fn echo(stream: TcpStream) {
    let Ok(mut socket) = accept(stream) else {
        return;
    };
    loop {
        match socket.read() {
            Ok(message) if message.is_text() || message.is_binary() => {
                if socket.send(message).is_err() {
                    return;
                }
            }
            Ok(_) => {}
            Err(Error::ConnectionClosed) => return,
            Err(_) => {
                // The client broke the protocol: say so, and write it out before the socket is dropped.
                let _ = socket.close(None);
                let _ = socket.flush();
                return;
            }
        }
    }
}

fn main() -> std::io::Result<()> {
    let port = std::env::args().nth(1).unwrap_or_else(|| "9001".into());
    let listener = TcpListener::bind(format!("127.0.0.1:{port}"))?;
    println!("ready on {}", listener.local_addr()?.port());
    for stream in listener.incoming() {
        let stream = stream?;
        thread::spawn(move || echo(stream));
    }
    Ok(())
}
