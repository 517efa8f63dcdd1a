# The obvious entry points; each is an npm script, which says more. `make` alone lists them.

.PHONY: help start tour test hostile check lint format package bench

help: ## this list
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/\1\t\2/' | expand -t 12

start: ## the whole system on this machine, with a page that behaves like Slack
	npm start

tour: ## the same without a person; fails if one request is lost
	npm run tour

test: ## types, lint, dead code, every test, the tour
	npm test

hostile: ## attacks and faults that take too long for `make test`
	npm run test:hostile

check: ## types, lint and tests of what a change reaches
	npm run check

lint: ## lint and dead code
	npm run lint

format: ## formats the sources
	npm run format

package: ## npm package, Debian package, SBOM and checksums, in dist/
	npm run package

bench: ## the figures of the README
	npm run bench
