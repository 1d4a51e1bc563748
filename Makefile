# What people expect; the rest is `npm run` and `npx rookery --help`. ARGS go to the command: make start ARGS="--edges 2"
.DEFAULT_GOAL := help
.PHONY: help start dev test check doctor clean

help: ## this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 16

start: node_modules ## the whole cluster on this machine, until Ctrl-C
	npm start -- $(ARGS)

dev: node_modules ## the same; what has changed is started again
	npm run dev -- $(ARGS)

test: node_modules ## all tests, or those that ARGS names
	npm test -- $(ARGS)

check: node_modules ## format, lint, types, boundaries, unused code, then the tests
	npm run check

doctor: node_modules ## what is missing on this machine, and how to get it
	npx rookery doctor $(ARGS)

clean: ## takes away what was installed; data in .rookery stays
	rm -rf node_modules .turbo

node_modules: package-lock.json
	npm ci
	@touch node_modules
