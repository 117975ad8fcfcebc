package sample.shop;

import org.springframework.data.domain.PageRequest;
import org.springframework.data.domain.Sort;
import org.springframework.http.HttpStatus;
import org.springframework.stereotype.Controller;
import org.springframework.transaction.annotation.Transactional;
import org.springframework.ui.Model;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.server.ResponseStatusException;

/** The pages of the shop. */
@Controller
class ShopController {

    private static final int ON_A_PAGE = 20;

    private final Products products;

    ShopController(Products products) {
        this.products = products;
    }

    @GetMapping("/products")
    @Transactional(readOnly = true)
    String list(@RequestParam(defaultValue = "") String name, @RequestParam(defaultValue = "0") int page, Model model) {
        PageRequest wanted = PageRequest.of(page, ON_A_PAGE, Sort.by("name"));
        model.addAttribute("products", products.findByNameContainingIgnoreCase(name, wanted));
        model.addAttribute("name", name);
        return "products";
    }

    @GetMapping("/products/{id}")
    @Transactional(readOnly = true)
    String one(@PathVariable long id, Model model) {
        Product product = products.findById(id).orElseThrow(() -> new ResponseStatusException(HttpStatus.NOT_FOUND));
        product.getReviews().size();
        model.addAttribute("product", product);
        return "product";
    }

    @GetMapping("/ratings")
    String ratings(Model model) {
        model.addAttribute("ratings", products.ratings());
        return "ratings";
    }
}
