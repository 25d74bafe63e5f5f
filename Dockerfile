# Builds one executable and puts it, alone, into an image without a shell:
#   docker build -t myagent-ws .
#   docker run -p 8080:8080 -e OPENAI_API_KEY -v ./agents:/app/agents myagent-ws

FROM denoland/deno:2.9.6 AS build
WORKDIR /src
# The packages first: their layer is made anew only when the lock file changes.
COPY deno.json deno.lock ./
RUN deno install --frozen
COPY main.ts ./
COPY src ./src
RUN deno task compile

# glibc, certificates and time zones; its user nonroot (65532) owns nothing.
FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /src/dist/myagent-ws /usr/local/bin/myagent-ws
WORKDIR /app
# Docker kills a container 10 s after asking it to stop: runs get 7 s, the goodbyes the rest.
ENV MYAGENT_DRAIN_SECONDS=7
EXPOSE 8080
USER nonroot:nonroot
# Another port is told to both sides with -e MYAGENT_PORT=9000; a flag would reach the server only.
HEALTHCHECK --interval=30s --timeout=3s --start-period=10s --retries=3 \
  CMD ["/usr/local/bin/myagent-ws", "health"]
# No ENTRYPOINT, so that `command: ["myagent-ws", "server", …]` of a compose file is the whole command line.
CMD ["myagent-ws", "server", "/app/agents", "--host", "0.0.0.0"]
