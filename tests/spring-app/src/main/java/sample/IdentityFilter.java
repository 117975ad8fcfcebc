package sample;

import java.io.IOException;

import jakarta.servlet.Filter;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.http.HttpServletResponse;

import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.stereotype.Component;

/** Signs every response with the release and the instance that gave it, before anything else can answer. */
@Component
@Order(Ordered.HIGHEST_PRECEDENCE)
final class IdentityFilter implements Filter {

    private final Identity identity;

    IdentityFilter(Identity identity) {
        this.identity = identity;
    }

    @Override
    public void doFilter(ServletRequest request, ServletResponse response, FilterChain chain)
            throws IOException, ServletException {
        HttpServletResponse signed = (HttpServletResponse) response;
        signed.setHeader("X-Release", identity.release());
        signed.setHeader("X-Instance", identity.instance());
        chain.doFilter(request, response);
    }
}
